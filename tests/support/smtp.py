"""The mail server as a process of its own, and what a test asks of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from push.connect import open_smtp
from push.smtp import SmtpAccess, SmtpSender, Tls
from store.clock import SystemClock
from store.embedded import free_port
from tests.support.simulator import running

PASSWORD = "demonstration"
SENDER = "notices@osrati.example"


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
    ports = free_port(), free_port(), free_port()
    found = MailProcess(directory, *ports)
    with running(
        "simulators.smtp",
        directory,
        *ports,
        ready_url=f"{found.http}/received",
        OSRATI_SMTP_PASSWORD=PASSWORD,
    ):
        yield found
