"""The mail server as a process of its own, and what a test asks of it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from push.connect import open_smtp
from push.smtp import SmtpAccess, SmtpSender, Tls
from store.clock import SystemClock

PASSWORD = "demonstration"
SENDER = "notices@osrati.example"
READY_SECONDS_MAX = 30.0


class MailProcess:
    """A running mail server."""

    def __init__(self, directory: Path, starttls: int, tls: int, http: int) -> None:
        self.certificate_file = directory / "smtp-certificate.pem"
        self.ports: dict[Tls, int] = {"starttls": starttls, "tls": tls}
        self.http = f"http://127.0.0.1:{http}"

    def access(
        self, tls: Tls = "starttls", *, password: str = PASSWORD, trusts: bool = True
    ) -> SmtpAccess:
        return SmtpAccess(
            "127.0.0.1",
            self.ports[tls],
            SENDER,
            tls,
            "osrati",
            password,
            self.certificate_file if trusts else None,
        )

    @property
    def environ(self) -> dict[str, str]:
        """What names it to a process of the product."""
        return {
            "OSRATI_SMTP_URL": f"smtp://osrati@127.0.0.1:{self.ports['starttls']}",
            "OSRATI_SMTP_PASSWORD": PASSWORD,
            "OSRATI_SMTP_SENDER": SENDER,
            "OSRATI_SMTP_CERTIFICATE": str(self.certificate_file),
        }

    def sender(self, access: SmtpAccess | None = None) -> SmtpSender:
        return open_smtp(access or self.access(), SystemClock())

    async def received(self) -> list[dict[str, Any]]:
        """Every message that was accepted, in order."""
        async with httpx2.AsyncClient() as client:
            kept: list[dict[str, Any]] = (await client.get(f"{self.http}/received")).json()
        return kept

    async def weather(self, *kinds: str, **more: Any) -> dict[str, int]:
        """Lays out what comes; how many connections and logins there were so far."""
        async with httpx2.AsyncClient() as client:
            answer = await client.post(f"{self.http}/weather", json={"weather": kinds, **more})
        assert answer.status_code == 200, answer.text
        counts: dict[str, int] = answer.json()
        return counts


@contextmanager
def running_mail(directory: Path) -> Iterator[MailProcess]:
    """A mail server that answers, ended with the block."""
    ports = _free_port(), _free_port(), _free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "simulators.smtp", str(directory), *map(str, ports)],
        env={**os.environ, "OSRATI_SMTP_PASSWORD": PASSWORD},
        stdin=subprocess.PIPE,
    ) as process:
        try:
            found = MailProcess(directory, *ports)
            _wait_until_ready(found)
            yield found
        finally:
            process.terminate()


def _wait_until_ready(mail: MailProcess) -> None:
    until = time.monotonic() + READY_SECONDS_MAX
    while True:
        try:
            httpx2.get(f"{mail.http}/received")
        except httpx2.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
