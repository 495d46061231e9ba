"""Opens the channels that the settings name. Called by `api` alone, once a process."""

import json
import ssl
from pathlib import Path

import msgspec
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials

from push.fcm import FcmSender
from push.smtp import SmtpAccess, SmtpSender
from store.clock import Clock

FCM_ORIGIN = "https://fcm.googleapis.com"
FCM_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"


class FcmAccess(msgspec.Struct, frozen=True):
    """How FCM is reached: the service account's file; elsewhere than Google's own address only
    with the certificate to trust there.
    """

    account_file: Path
    origin: str = FCM_ORIGIN
    certificate_file: Path | None = None


class AccountUnreadable(ValueError):
    """The service account's file is missing, or is not one. Its words name the file."""


class CertificateUnreadable(ValueError):
    """The file of a certificate to trust is missing, or is none. Its words name the file."""


def open_fcm(access: FcmAccess, clock: Clock) -> FcmSender:
    """The sender of one project. Raises: AccountUnreadable."""
    try:
        account = json.loads(access.account_file.read_bytes())
        credentials: Credentials = Credentials.from_service_account_info(  # type: ignore[no-untyped-call]  # google-auth's older half
            account, scopes=[FCM_SCOPE]
        )
        project_id = str(account["project_id"])
        context = ssl.create_default_context(cafile=access.certificate_file)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise AccountUnreadable(f"{access.account_file}: {type(fault).__name__}") from None
    return FcmSender(
        origin=access.origin,
        project_id=project_id,
        credentials=credentials,
        request=Request(),
        context=context,
        clock=clock,
    )


def open_smtp(access: SmtpAccess, clock: Clock) -> SmtpSender:
    """The sender through one relay. Raises: CertificateUnreadable."""
    try:
        context = ssl.create_default_context(cafile=access.certificate_file)
    except (OSError, ValueError) as fault:
        raise CertificateUnreadable(f"{access.certificate_file}: {type(fault).__name__}") from None
    return SmtpSender(access, clock, context=context)
