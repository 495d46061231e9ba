"""What the environment says, read once at the start of a process and checked as a whole."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from identity.app_client import AppClient
from push.connect import FCM_ORIGIN, FcmAccess
from push.mime import read_address
from push.smpp import SmppAccess
from push.smtp import SmtpAccess

CHECKOUT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"  # whatever faces the world stands before it
PORT_DEFAULT = 8000
PORT_MAX = 65_535
TODAY_MIN, TODAY_MAX = date(2000, 1, 1), date(2100, 12, 31)  # cards reach decades both ways
DEVELOPMENT_APPS = (
    AppClient("osrati-app", ("ae.osrati.app:/signed-in", f"http://{HOST}/signed-in")),
)
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")  # libpq's

METRICS_TOKEN_CHARACTERS_MIN = 16
SMS_SENDER = "Osrati"
SMS_SENDER_CHARACTERS_MAX = 11  # what networks carry as an alphanumeric sender (GSM 03.40)

Environment = Literal["development", "production"]


class SettingsError(Exception):
    """The environment does not make sense: the message names the variable, the cause, the next
    step.
    """


@dataclass(frozen=True, slots=True)
class UaePassAccess:
    """Where UAE PASS is, and what it knows us by."""

    base_url: str
    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True)
class StaffAccess:
    """Where staff sign in (OpenID Connect), and what it knows us by."""

    issuer: str
    client_id: str
    client_secret: str
    acr: str = ""


@dataclass(frozen=True, slots=True)
class Simulators:
    """Where each simulator of a network says what it took: development only."""

    fcm: str | None = None
    sms: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one process. URLs are None where the embedded server is to be used."""

    environment: Environment
    port: int
    data_dir: Path
    database_url: str | None
    keystore_url: str | None
    redis_url: str | None
    public_origin: str | None
    today: date | None
    uae_pass: UaePassAccess | None
    staff: StaffAccess | None
    apps: tuple[AppClient, ...]
    registry_url: str | None = None
    graphql_plans: bool = True
    fcm: FcmAccess | None = None
    smpp: SmppAccess | None = None
    smtp: SmtpAccess | None = None
    simulators: Simulators | None = None
    metrics_token: str | None = None

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def origin(self) -> str:
        """What the world calls us: the issuer of tokens, and where UAE PASS sends people back."""
        return (self.public_origin or f"http://{HOST}:{self.port}").rstrip("/")


def read_settings(environ: Mapping[str, str] = os.environ, *, data_dir: Path) -> Settings:
    """The settings that `environ` states; `data_dir` is used where OSRATI_DATA_DIR is not set.

    Raises: SettingsError, also for whatever development may and production may not do.
    """
    environment = environ.get("OSRATI_ENVIRONMENT", "development")
    if environment not in ("development", "production"):
        raise SettingsError(
            f"OSRATI_ENVIRONMENT is {environment!r}: set it to development or production."
        )
    settings = Settings(
        environment=environment,  # type: ignore[arg-type]  # one of the two, as checked above
        port=_port(environ.get("OSRATI_PORT", "")),
        data_dir=Path(environ.get("OSRATI_DATA_DIR") or data_dir).expanduser().absolute(),
        database_url=_database_url("DATABASE_URL", environ),
        keystore_url=_database_url("KEYSTORE_URL", environ),
        redis_url=environ.get("REDIS_URL") or None,
        public_origin=environ.get("OSRATI_PUBLIC_ORIGIN") or None,
        today=_today(environ.get("OSRATI_TODAY", "")),
        registry_url=_registry_url(environ.get("OSRATI_REGISTRY_URL", "")),
        graphql_plans=_on_or_off("OSRATI_GRAPHQL_PLANS", environ),
        uae_pass=_uae_pass(environ),
        fcm=_fcm(environ),
        staff=_staff(environ),
        smpp=_smpp(environ),
        smtp=_smtp(environ),
        simulators=_simulators(environ.get("OSRATI_SIMULATORS", "")),
        metrics_token=_metrics_token(environ.get("OSRATI_METRICS_TOKEN", "")),
        apps=_apps(environ.get("OSRATI_APPS", "")),
    )
    if settings.is_production:
        _refuse_in_production(settings)
    return settings


def _metrics_token(value: str) -> str | None:
    if value and (len(value) < METRICS_TOKEN_CHARACTERS_MIN or not value.isascii()):
        raise SettingsError(
            "OSRATI_METRICS_TOKEN is too easy to guess: make one with `openssl rand -hex 32`, or "
            "unset it, and /metrics is not there."
        )
    return value or None


def _refuse_in_production(settings: Settings) -> None:
    if settings.today is not None:
        raise SettingsError("OSRATI_TODAY sets the day, which production refuses: unset it.")
    if settings.simulators is not None:
        raise SettingsError(
            "OSRATI_SIMULATORS shows what people were sent, which production refuses: unset it."
        )
    if settings.staff is not None and not settings.staff.acr:
        raise SettingsError(
            "OSRATI_STAFF_ACR is not set: production demands several factors of staff; write what "
            "their provider calls such a sign-in."
        )
    for name, value in (
        ("DATABASE_URL", settings.database_url),
        ("KEYSTORE_URL", settings.keystore_url),
        ("REDIS_URL", settings.redis_url),
        ("OSRATI_PUBLIC_ORIGIN", settings.public_origin),
        ("OSRATI_UAEPASS_URL", settings.uae_pass and settings.uae_pass.base_url),
    ):
        if value is None:
            raise SettingsError(
                f"{name} is not set: production uses servers of its own, never those of "
                "development."
            )
    raise SettingsError(
        "Production needs a key management service to hold the master key, and the development "
        "file keeper is the only one so far: run with OSRATI_ENVIRONMENT=development."
    )


def _uae_pass(environ: Mapping[str, str]) -> UaePassAccess | None:
    """How to reach UAE PASS; None where `osrati run` starts the simulator."""
    base_url = environ.get("OSRATI_UAEPASS_URL", "").rstrip("/")
    if not base_url:
        return None
    if not _is_kept_private(base_url):
        raise SettingsError(
            "OSRATI_UAEPASS_URL must be https: write https://stg-id.uaepass.ae/idshub or the like."
        )
    access = UaePassAccess(
        base_url,
        environ.get("OSRATI_UAEPASS_CLIENT_ID", ""),
        environ.get("OSRATI_UAEPASS_CLIENT_SECRET", ""),
    )
    if not access.client_id or not access.client_secret:
        raise SettingsError(
            "OSRATI_UAEPASS_URL is set, so OSRATI_UAEPASS_CLIENT_ID and "
            "OSRATI_UAEPASS_CLIENT_SECRET must be, too: UAE PASS gave them to you."
        )
    return access


def _registry_url(url: str) -> str | None:
    """Where the registries' gateway is: it is told numbers of people."""
    if url and not _is_kept_private(url):
        raise SettingsError(
            "OSRATI_REGISTRY_URL must be https: write the gateway's address in full."
        )
    return url or None


def _fcm(environ: Mapping[str, str]) -> FcmAccess | None:
    """How pushes go out; None where no service account is named: then they wait."""
    account = environ.get("OSRATI_FCM_ACCOUNT", "")
    if not account:
        return None
    origin = environ.get("OSRATI_FCM_URL", "").rstrip("/") or FCM_ORIGIN
    if not origin.startswith("https://"):
        raise SettingsError(f"OSRATI_FCM_URL must be https: write {FCM_ORIGIN} or leave it out.")
    certificate = environ.get("OSRATI_FCM_CERTIFICATE", "")
    return FcmAccess(Path(account), origin, Path(certificate) if certificate else None)


def _staff(environ: Mapping[str, str]) -> StaffAccess | None:
    """Where staff sign in; None: then nobody of the staff does."""
    issuer = environ.get("OSRATI_STAFF_ISSUER", "")
    if not issuer:
        return None
    if not _is_kept_private(issuer):
        raise SettingsError(
            "OSRATI_STAFF_ISSUER must be https: write the issuer as its discovery names it."
        )
    access = StaffAccess(
        issuer,
        environ.get("OSRATI_STAFF_CLIENT_ID", ""),
        environ.get("OSRATI_STAFF_CLIENT_SECRET", ""),
        environ.get("OSRATI_STAFF_ACR", ""),
    )
    if not access.client_id or not access.client_secret:
        raise SettingsError(
            "OSRATI_STAFF_ISSUER is set, so OSRATI_STAFF_CLIENT_ID and OSRATI_STAFF_CLIENT_SECRET "
            "must be, too: whoever runs the staff's sign-in gave them to you."
        )
    return access


def _is_kept_private(url: str) -> bool:
    """Whether what is sent there is read by nobody between: HTTPS, or this machine."""
    parts, _ = _split(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == HOST)
    )


def _split(url: str) -> tuple[SplitResult, int | None]:
    """A server's URL, and its port where it names one that can be."""
    parts = urlsplit(url)
    try:
        return parts, parts.port
    except ValueError:
        return parts, None


def _smpp(environ: Mapping[str, str]) -> SmppAccess | None:
    """How SMS go out; None where no message centre is named: then they wait."""
    url = environ.get("OSRATI_SMPP_URL", "")
    if not url:
        return None
    parts, port = _split(url)
    password = environ.get("OSRATI_SMPP_PASSWORD", "")
    if parts.scheme != "smpp" or not parts.hostname or not port or not parts.username:
        raise SettingsError("OSRATI_SMPP_URL is not understood: write smpp://system-id@host:2775.")
    if not password or parts.password:
        raise SettingsError(
            "OSRATI_SMPP_URL is set, so OSRATI_SMPP_PASSWORD must hold the password, and the URL "
            "must not."
        )
    sender = environ.get("OSRATI_SMPP_SENDER", "") or SMS_SENDER
    if len(sender) > SMS_SENDER_CHARACTERS_MAX or not sender.isascii() or not sender.isalnum():
        raise SettingsError(
            f"OSRATI_SMPP_SENDER is {sender!r}: at most {SMS_SENDER_CHARACTERS_MAX} Latin letters "
            "and digits."
        )
    return SmppAccess(parts.hostname, port, parts.username, password, sender)


def _smtp(environ: Mapping[str, str]) -> SmtpAccess | None:
    """How e-mails go out; None where no relay is named: then they wait."""
    url = environ.get("OSRATI_SMTP_URL", "")
    if not url:
        return None
    parts, port = _split(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or not port:
        raise SettingsError(
            "OSRATI_SMTP_URL is not understood: write smtp://user@relay.example:587 (STARTTLS) or "
            "smtps://user@relay.example:465 (TLS)."
        )
    user, password = unquote(parts.username or ""), environ.get("OSRATI_SMTP_PASSWORD", "")
    if parts.password or bool(user) != bool(password):
        raise SettingsError(
            "OSRATI_SMTP_URL names who logs in and OSRATI_SMTP_PASSWORD holds the password, which "
            "the URL must not: give both, or neither where the relay asks for none."
        )
    sender = read_address(environ.get("OSRATI_SMTP_SENDER", ""))
    if sender is None:
        raise SettingsError(
            "OSRATI_SMTP_URL is set, so OSRATI_SMTP_SENDER must be the address that e-mails are "
            "from, such as notices@osrati.example."
        )
    certificate = environ.get("OSRATI_SMTP_CERTIFICATE", "")
    return SmtpAccess(
        parts.hostname,
        port,
        sender,
        "tls" if parts.scheme == "smtps" else "starttls",
        user,
        password,
        Path(certificate) if certificate else None,
    )


def _simulators(text: str) -> Simulators | None:
    """`fcm=http://127.0.0.1:1 sms=… email=…`: those that `osrati run` started."""
    said = dict(each.partition("=")[::2] for each in text.split())
    if not said:
        return None
    if not set(said) <= {"fcm", "sms", "email"} or not all(
        url.startswith(f"http://{HOST}:") for url in said.values()
    ):
        raise SettingsError(
            "OSRATI_SIMULATORS is set by `osrati run`, for the page of what phones received: unset "
            "it."
        )
    return Simulators(**said)


def _on_or_off(name: str, environ: Mapping[str, str]) -> bool:
    """Whether something that is on unless told otherwise is on."""
    said = environ.get(name, "") or "on"
    if said not in ("on", "off"):
        raise SettingsError(f"{name} is {said!r}: set it to on or off.")
    return said == "on"


def _apps(text: str) -> tuple[AppClient, ...]:
    """`id=address address; id=address`: the apps that may ask for a sign-in."""
    apps = []
    for part in filter(None, (item.strip() for item in text.split(";"))):
        client_id, _, addresses = part.partition("=")
        uris = tuple(addresses.split())
        if not client_id.strip() or not uris or any("#" in uri for uri in uris):
            raise SettingsError(
                "OSRATI_APPS is not understood: write app-id=https://app.example/signed-in, "
                "several apps divided by ';', an app's addresses by blanks."
            )
        apps.append(AppClient(client_id.strip(), uris))
    return tuple(apps) or DEVELOPMENT_APPS


def _port(text: str) -> int:
    if not text:
        return PORT_DEFAULT
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= PORT_MAX:
        raise SettingsError(f"OSRATI_PORT is {text!r}: set it to a number from 1 to {PORT_MAX}.")
    return int(text)


def _database_url(name: str, environ: Mapping[str, str]) -> str | None:
    """The URL in SQLAlchemy's asyncpg form, whichever common form it was given in."""
    url = environ.get(name)
    if not url:
        return None
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+asyncpg"):
        raise SettingsError(f"{name} is no PostgreSQL URL: write postgresql://user:…@host/name.")
    try:
        given = make_url(f"postgresql+asyncpg://{rest}")
    except (ArgumentError, ValueError):
        raise SettingsError(
            f"{name} is no PostgreSQL URL: write postgresql://user:…@host/name."
        ) from None
    if "sslmode" not in given.query:
        return f"postgresql+asyncpg://{rest}"
    return _with_ssl(name, given)


def _with_ssl(name: str, given: URL) -> str:
    """libpq's `sslmode` under the name by which asyncpg knows it."""
    mode = given.query["sslmode"]
    if mode not in SSL_MODES:
        raise SettingsError(f"{name} has an unknown sslmode: use one of {', '.join(SSL_MODES)}.")
    return (
        given.difference_update_query(["sslmode"])
        .update_query_dict({"ssl": mode})
        .render_as_string(hide_password=False)
    )


def _today(text: str) -> date | None:
    if not text:
        return None
    try:
        today = date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"OSRATI_TODAY is {text!r}: write a day as 2026-11-21.") from None
    if not TODAY_MIN <= today <= TODAY_MAX:
        raise SettingsError(f"OSRATI_TODAY is {text!r}: set a day from {TODAY_MIN} to {TODAY_MAX}.")
    return today
