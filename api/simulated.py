"""The world outside as `osrati run` has it: a simulator of each system that no setting names, and
how the children of the run are told of them.

Each is a process of its own that ends when its input closes, however this process ends.
"""

import os
import secrets
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from api.child import ChildEnded, ended
from api.demo import begin_stories
from api.settings import HOST, Settings, Simulators, UaePassAccess
from identity.sign_in import CALLBACK_PATH
from push.connect import FcmAccess
from push.smpp import SmppAccess
from push.smtp import SmtpAccess
from store.clock import SystemClock
from store.embedded import free_port, make_dir

READY_POLL_SECONDS = 0.05
READY_SECONDS_MAX = 60
CLIENT_SECRET = "OSRATI_UAEPASS_CLIENT_SECRET"  # by the environment: a command line shows to all
SMPP_PASSWORD = "OSRATI_SMPP_PASSWORD"
SMTP_PASSWORD = "OSRATI_SMTP_PASSWORD"
EMAIL_SENDER = "osrati@demonstration.example"  # a domain that nobody can have


def start_outside(settings: Settings, stack: ExitStack) -> Settings:
    """Starts UAE PASS, FCM, a message centre and a mail relay where none is named; the settings
    that name them.
    """
    for start in (_start_uae_pass, _start_fcm, _start_smpp, _start_smtp):
        settings = start(settings, stack)
    return settings


def outside_environ(settings: Settings) -> dict[str, str]:
    """What tells a child of the run of every system that these settings name."""
    assert settings.uae_pass is not None
    environ = {
        "OSRATI_UAEPASS_URL": settings.uae_pass.base_url,
        "OSRATI_UAEPASS_CLIENT_ID": settings.uae_pass.client_id,
        CLIENT_SECRET: settings.uae_pass.client_secret,
    }
    if settings.fcm is not None:
        environ["OSRATI_FCM_ACCOUNT"] = str(settings.fcm.account_file)
        environ["OSRATI_FCM_URL"] = settings.fcm.origin
        environ["OSRATI_FCM_CERTIFICATE"] = str(settings.fcm.certificate_file or "")
    if settings.smpp is not None:
        centre = settings.smpp
        environ["OSRATI_SMPP_URL"] = f"smpp://{centre.system_id}@{centre.host}:{centre.port}"
        environ[SMPP_PASSWORD] = centre.password
        environ["OSRATI_SMPP_SENDER"] = centre.sender
    if settings.smtp is not None:
        relay = settings.smtp
        scheme = "smtps" if relay.tls == "tls" else "smtp"
        login = f"{quote(relay.user, safe='')}@" if relay.user else ""
        environ["OSRATI_SMTP_URL"] = f"{scheme}://{login}{relay.host}:{relay.port}"
        environ[SMTP_PASSWORD] = relay.password
        environ["OSRATI_SMTP_SENDER"] = relay.sender
        environ["OSRATI_SMTP_CERTIFICATE"] = str(relay.certificate_file or "")
    if settings.simulators is not None:
        named = {"fcm": settings.simulators.fcm, "sms": settings.simulators.sms}
        named["email"] = settings.simulators.email
        environ["OSRATI_SIMULATORS"] = " ".join(
            f"{name}={url}" for name, url in named.items() if url is not None
        )
    if settings.registry_url is not None:
        environ["OSRATI_REGISTRY_URL"] = settings.registry_url
    return environ


def start_registry(settings: Settings, stack: ExitStack) -> Settings:
    """Starts the registries' simulator where no gateway is named; the settings that name one."""
    if settings.registry_url is not None:
        return settings
    played_on = begin_stories(settings.data_dir, settings.today or SystemClock().today())
    port = free_port()
    intake_url = f"http://{HOST}:{settings.port}"
    arguments = [str(settings.data_dir), str(port), intake_url, played_on.isoformat()]
    _start_simulator("registry", arguments, stack)
    return replace(settings, registry_url=f"http://{HOST}:{port}")


def _start_uae_pass(settings: Settings, stack: ExitStack) -> Settings:
    """Starts UAE PASS's simulator where the real one is not named; the settings that name one."""
    if settings.uae_pass is not None:
        return settings
    port = free_port()
    secret = secrets.token_urlsafe(16)
    access = UaePassAccess(f"http://{HOST}:{port}/idshub", "osrati-development", secret)
    arguments = ["--port", str(port), "--client-id", access.client_id]
    arguments += ["--redirect-uri", f"{settings.origin}{CALLBACK_PATH}"]
    _start_simulator("uae_pass", arguments, stack, **{CLIENT_SECRET: secret})
    return replace(settings, uae_pass=access)


def _start_fcm(settings: Settings, stack: ExitStack) -> Settings:
    """Starts FCM's simulator where no service account is named; the settings that name one."""
    if settings.fcm is not None:
        return settings
    ports = free_port(), free_port()
    directory = settings.data_dir / "fcm"
    make_dir(directory)
    access = FcmAccess(
        directory / "fcm-service-account.json",
        f"https://{HOST}:{ports[1]}",
        directory / "fcm-certificate.pem",
    )
    access.account_file.unlink(missing_ok=True)  # an earlier run's, which is believed no more
    _start_simulator("fcm", [str(directory), *map(str, ports)], stack)
    _wait_for(access.account_file, "FCM")  # written last
    return _seen(replace(settings, fcm=access), fcm=_http(ports[0]))


def _start_smpp(settings: Settings, stack: ExitStack) -> Settings:
    """Starts a message centre's simulator where none is named; the settings that name one."""
    if settings.smpp is not None:
        return settings
    ports, password = (free_port(), free_port()), secrets.token_hex(4)  # SMPP: at most 8
    _start_simulator("smpp", [*map(str, ports)], stack, **{SMPP_PASSWORD: password})
    access = SmppAccess(HOST, ports[0], "osrati", password)
    return _seen(replace(settings, smpp=access), sms=_http(ports[1]))


def _start_smtp(settings: Settings, stack: ExitStack) -> Settings:
    """Starts a mail relay's simulator where none is named; the settings that name one. Where the
    packages of development are not installed there is none, and e-mails wait.
    """
    if settings.smtp is not None or find_spec("aiosmtpd") is None:
        return settings
    ports, password = (free_port(), free_port(), free_port()), secrets.token_urlsafe(16)
    directory = settings.data_dir / "smtp"
    make_dir(directory)
    certificate_file = directory / "smtp-certificate.pem"
    certificate_file.unlink(missing_ok=True)  # an earlier run's, which is believed no more
    arguments = [str(directory), *map(str, ports)]
    _start_simulator("smtp", arguments, stack, **{SMTP_PASSWORD: password})
    _wait_for(certificate_file, "the mail relay")
    access = SmtpAccess(
        HOST,
        ports[0],
        EMAIL_SENDER,
        user="osrati",
        password=password,
        certificate_file=certificate_file,
    )
    return _seen(replace(settings, smtp=access), email=_http(ports[2]))


def _seen(settings: Settings, **urls: str) -> Settings:
    """The settings that also name where a simulator says what it took."""
    return replace(settings, simulators=replace(settings.simulators or Simulators(), **urls))


def _http(port: int) -> str:
    return f"http://{HOST}:{port}"


def _wait_for(file: Path, name: str) -> None:
    """Until a simulator has written what whoever speaks to it needs."""
    until = time.monotonic() + READY_SECONDS_MAX
    while not file.exists():
        if time.monotonic() > until:
            raise ChildEnded(f"the simulator of {name} was not ready in {READY_SECONDS_MAX} s")
        time.sleep(READY_POLL_SECONDS)


def _start_simulator(name: str, arguments: list[str], stack: ExitStack, **environ: str) -> None:
    simulator = subprocess.Popen(
        [sys.executable, "-m", f"simulators.{name}", *arguments],
        env={**os.environ, **environ},
        stdin=subprocess.PIPE,  # it ends when this closes, however this process ends
        start_new_session=True,
    )
    stack.enter_context(ended(simulator))
