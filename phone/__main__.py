"""`python -m phone --as NAME COMMAND`: a demonstration parent's phone in the terminal.

pull: come back to the network. timeline [--all]: the open cards, or all of them. show N: one card
and its why. do acknowledge|snooze|dismiss|undo N [--days D]: act on a card. do attach-photo N
--file F: add a photo to it. do dispute N --fact M
[--claim C] [--day D] [--words W], do withdraw-dispute N --fact M: say that a fact of the card is
wrong, or take that back. wish [--language L] [--sms-number N] [--opt-out O] [--service S --off]:
how its owner wants to be told. register TOKEN: where its pushes go. receive PUSH [--open]: show a
push (base64) once, and open it. outbox: what became of every act. withdraw P: take an act back that
was never sent. again P: send one again that a network did not let
through, or that found too many photos kept. clear P: put away one
that has ended. remind: what to tell its owner now. offline,
online: pull the plug, and put it back. wipe: forget everything.

sign-in: sign in through UAE PASS, by a browser. Without it a development server believes whoever is
named.
"""

import argparse
import asyncio
import base64
import binascii
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import httpx2
import msgspec

from phone import act, outbox
from phone.catalogue import say_card
from phone.day import HardwareClock
from phone.enrol import OtherServer
from phone.exchange import NotEnrolled, outdated_minimum, read_today
from phone.outbox import list_acts
from phone.photo import PhotoTooLarge
from phone.push import PushBroken, note, open_push, plan_registration, take_push
from phone.reminder import take_reminders
from phone.sign_in import Session as SignedIn
from phone.sign_in import SignInFailed
from phone.store import Store
from phone.stream import alarmed_streams
from phone.sync import Phone, StillBusy, come_back
from phone.terminal import Terminal
from phone.timeline import ShownCard, read_timeline
from phone.transport import Fault, Transport
from phone.vault import open_vault
from phone.wire import Registration

URL = "http://127.0.0.1:8000"
PERSON, NAME, OFFLINE = "signed_in/person", "signed_in/name", "offline"
DIRECTORY = Path(".phones")
DEFAULT = "default"  # as it was before anything was wished
PATIENCE_SECONDS = 30.0  # a person in front of a terminal does not wait a quarter of an hour


ACTS = ("acknowledge", "snooze", "dismiss", "attach-photo", "undo", "dispute", "withdraw-dispute")


class Parent(msgspec.Struct, frozen=True):
    """A demonstration parent, as the development server lists them."""

    person: UUID
    name_en: str
    name_ar: str
    language: str


class Told(Exception):
    """What the person at the terminal should read; the command ends."""


class Session:
    """One command of the terminal."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen = chosen
        directory: Path = chosen.directory / chosen.who.lower()
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.clock = HardwareClock()
        self.store = Store(directory / "phone.sqlite", open_vault(directory / "keys"))
        self.today = read_today(self.store, self.clock.now_utc())
        self.terminal = Terminal(self.store, chosen.language)

    @property
    def is_offline(self) -> bool:
        return bool(self.store.find_number(OFFLINE))

    def pull(self) -> None:
        """Raises: Told, Fault, StillBusy."""
        if self.is_offline:
            raise Told("offline: nothing is sent or fetched; go `online` first")
        asyncio.run(self._pull())
        waiting = sum(one.state in ("waiting", "sent") for one in list_acts(self.store))
        name = (self.store.find_setting(NAME) or b"").decode()
        self.say(f"{name}: open cards {len(self.cards())}, acts waiting {waiting}")
        if alarmed_streams(self.store):
            self.say("what is held here does not fit what the server says: tell the operator")
        if outdated_minimum(self.store):
            self.say("this app is too old: acts are taken, nothing new comes until it is updated")

    async def _pull(self) -> None:
        async with httpx2.AsyncClient(base_url=self.chosen.url) as http:
            session = SignedIn(self.store, http, self.clock.now_utc)
            person = await self._act_as(http)
            transport = Transport(http, person, session if session.is_signed_in else None)
            phone = Phone(self.store, transport, self.clock)
            await come_back(phone, _wait_a_little)

    def sign_in(self) -> None:
        """Raises: Told."""
        try:
            person = asyncio.run(self._sign_in())
        except (SignInFailed, httpx2.TransportError) as failed:
            raise Told(str(failed)) from None
        with self.store.transaction():
            held = self.store.find_setting(PERSON)
            if held not in (None, person.bytes):
                raise Told("this phone is another person's: `wipe` it first")
            self.store.set_setting(PERSON, person.bytes)
            self.store.set_setting(NAME, self.chosen.who.encode())
        self.say("signed in")

    async def _sign_in(self) -> UUID:
        async with httpx2.AsyncClient(base_url=self.chosen.url) as http:
            session = SignedIn(self.store, http, self.clock.now_utc)

            def show(address: str) -> None:
                print(f"open in a browser: {address}", flush=True)

            return await session.sign_in(self.chosen.url, show, language=self.chosen.language)

    async def _act_as(self, http: httpx2.AsyncClient) -> UUID:
        """The person this phone is of; asked once, by name, unless signed in. Raises: Told."""
        held = self.store.find_setting(PERSON)
        if held is not None:
            return UUID(bytes=held)
        try:
            answer = await http.get("/dev/parents")
            parents = msgspec.json.decode(answer.content, type=list[Parent])
        except (httpx2.TransportError, msgspec.DecodeError):
            raise Told(f"no development server answers at {self.chosen.url}") from None
        wanted = self.chosen.who.lower()
        found = [one for one in parents if wanted in one.name_en.lower().split()]
        if len(found) != 1:
            names = ", ".join(one.name_en.split()[0].lower() for one in parents)
            raise Told(f"nobody, or more than one, is named {wanted}; there are: {names}")
        with self.store.transaction():
            self.store.set_setting(PERSON, found[0].person.bytes)
            self.store.set_setting(NAME, found[0].name_en.encode())
        return found[0].person

    def cards(self) -> list[ShownCard]:
        """What shows: the open cards, or every one with `--all`."""
        from_all = getattr(self.chosen, "all", False)
        shown = read_timeline(self.store, self.today)
        return shown if from_all else [one for one in shown if self._shows(one)]

    def _shows(self, one: ShownCard) -> bool:
        return one.state in ("overdue", "due", "upcoming") or one.pending

    def timeline(self) -> None:
        self.say_all(self.terminal.timeline(self.cards()))

    def show(self) -> None:
        self.say_all(self.terminal.card(self.card(), self.today))

    def do(self) -> None:
        """Raises: Told."""
        one, now = self.card(), self.clock.now_utc()
        key = one.card.key
        if self.chosen.act == "acknowledge":
            act.acknowledge(self.store, key, now=now)
        elif self.chosen.act == "dismiss":
            act.dismiss(self.store, key, now=now)
        elif self.chosen.act == "snooze":
            until = self.today + timedelta(days=self.chosen.days)
            act.snooze(self.store, key, until, now=now)
        elif self.chosen.act == "attach-photo":
            self._attach(one)
        elif self.chosen.act == "dispute":
            self._dispute(one)
        elif self.chosen.act == "withdraw-dispute":
            fact = self._fact(one)
            if act.withdraw_dispute(self.store, key, fact, now=now) is None:
                self.say("taken back before it was sent")
                return
        elif act.undo(self.store, key, one.number, now=now) is None:
            self.say("taken back before it was sent")
            return
        self.say("kept")
        if not self.is_offline:
            self.pull()

    def _attach(self, one: ShownCard) -> None:
        """Raises: Told."""
        path: Path | None = self.chosen.file
        try:
            body = b"" if path is None else path.read_bytes()
            act.attach_photo(self.store, one.card.key, one.stream, body, now=self.clock.now_utc())
        except (OSError, PhotoTooLarge) as error:
            raise Told(f"--file: a picture of at most 20 MB ({error})") from None

    def _dispute(self, one: ShownCard) -> None:
        """Raises: Told."""
        on = self.chosen.day
        act.dispute(
            self.store,
            one.card.key,
            self._fact(one),
            self.chosen.claim,
            says_on=None if on is None else date.fromisoformat(on),
            words=self.chosen.words,
            now=self.clock.now_utc(),
        )

    def _fact(self, one: ShownCard) -> bytes:
        """The fact with the number that `show` gives it. Raises: Told."""
        number = self.chosen.fact
        fact = one.card.citation(number - 1) if 1 <= number <= len(one.card.why.facts) else b""
        if not fact:
            raise Told(f"there is no fact {number}: `show` numbers them")
        return fact

    def wish(self) -> None:
        """Raises: Told."""
        chosen, said = self.chosen, {}
        for name in ("language", "sms_number", "opt_out"):
            value = getattr(chosen, f"wished_{name}")
            if value is not None:
                said[name] = None if value == DEFAULT else value
        if chosen.service is not None:
            said["services"] = [{"service": chosen.service, "told": not chosen.off}]
        if not said:
            raise Told("say what is to change: --language, --sms-number, --opt-out, --service")
        act.change_wishes(self.store, now=self.clock.now_utc(), **said)
        self.say("kept")
        if not self.is_offline:
            self.pull()

    def register(self) -> None:
        """Raises: Told, Fault."""
        try:
            planned = plan_registration(
                self.store, self.chosen.token, language=self.chosen.language
            )
        except NotEnrolled:
            raise Told("pull first: the server does not know this phone yet") from None
        asyncio.run(self._register(planned))
        self.say("registered")

    async def _register(self, planned: Registration) -> None:
        async with httpx2.AsyncClient(base_url=self.chosen.url) as http:
            session = SignedIn(self.store, http, self.clock.now_utc)
            person = await self._act_as(http)
            transport = Transport(http, person, session if session.is_signed_in else None)
            await transport.register_for_pushes(planned)

    def receive(self) -> None:
        """Raises: Told."""
        now = self.clock.now_utc()
        try:
            payload = base64.b64decode(self.chosen.push, validate=True)
            wake = take_push(self.store, payload, today=self.today, now=now)
            shown = open_push(self.store, payload)
        except (binascii.Error, PushBroken) as broken:
            raise Told(f"this is no push for this phone: {broken}") from None
        if wake is not None:
            self.say(self.terminal.line(wake.title))
        if self.chosen.open:
            note(self.store, "opened", shown.id, now=now)

    def outbox(self) -> None:
        self.say_all(self.terminal.outbox())

    def withdraw(self) -> None:
        self._end(outbox.withdraw, "it was sent already: undo it instead")

    def again(self) -> None:
        self._end(outbox.send_again, "it goes by itself, or has ended: `outbox` says how it stands")
        if not self.is_offline:
            self.pull()

    def clear(self) -> None:
        self._end(outbox.put_away, "it has not ended yet, or the server has not heard of it: pull")

    def remind(self) -> None:
        for reminder in take_reminders(self.store, self.today):
            self.say(
                self.terminal.line(say_card(self.store, reminder.card, self.chosen.language).title)
            )

    def offline(self) -> None:
        with self.store.transaction():
            self.store.set_number(OFFLINE, 1)
        self.say("offline")

    def online(self) -> None:
        with self.store.transaction():
            self.store.set_number(OFFLINE, 0)
        self.pull()

    def wipe(self) -> None:
        lost = sum(one.state in ("waiting", "sent", "held") for one in list_acts(self.store))
        if lost and not self.chosen.yes:
            raise Told(f"{lost} acts were not sent and would be lost: pull first, or add --yes")
        self.store.forget_everything()
        self.say("everything is forgotten")

    def card(self) -> ShownCard:
        """The card with the number that `timeline` shows. Raises: Told."""
        cards, number = self.cards(), int(self.chosen.number)
        if not 1 <= number <= len(cards):
            raise Told(f"there is no card {number}: `timeline` numbers them")
        return cards[number - 1]

    def say(self, text: str) -> None:
        print(text)

    def say_all(self, lines: Iterable[str]) -> None:
        for line in lines:
            print(line)

    def _end(self, how: Callable[[Store, UUID], bool], otherwise: str) -> None:
        """Raises: Told."""
        found = [one for one in list_acts(self.store) if one.position == self.chosen.number]
        if not found:
            raise Told(f"there is no act {self.chosen.number}: `outbox` numbers them")
        with self.store.transaction():
            ended = how(self.store, found[0].id)
        if not ended:
            raise Told(otherwise)
        self.say("done")


async def _wait_a_little(seconds: float) -> None:
    await asyncio.sleep(min(seconds, PATIENCE_SECONDS))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m phone",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--as", dest="who", required=True, help="a demonstration parent's name")
    parser.add_argument("--url", default=URL)
    parser.add_argument("--language", choices=("ar", "en"), default="ar")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="where phones are kept")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("pull", "sign-in", "outbox", "remind", "offline", "online"):
        commands.add_parser(name)
    commands.add_parser("timeline").add_argument("--all", action="store_true")
    wish = commands.add_parser("wish", help=f"`{DEFAULT}` takes a wish back")
    wish.add_argument("--language", dest="wished_language", choices=("ar", "en", DEFAULT))
    wish.add_argument("--sms-number", dest="wished_sms_number")
    wish.add_argument(
        "--opt-out", dest="wished_opt_out", choices=("stop", "forget", "loss", DEFAULT)
    )
    wish.add_argument("--service")
    wish.add_argument("--off", action="store_true")
    wish.add_argument("--on", dest="off", action="store_false")
    commands.add_parser("register").add_argument("token")
    receive = commands.add_parser("receive")
    receive.add_argument("push", help="the data of a message, base64")
    receive.add_argument("--open", action="store_true", help="its owner opens it")
    for name in ("show", "withdraw", "again", "clear"):
        commands.add_parser(name).add_argument("number", type=int)
    do = commands.add_parser("do")
    do.add_argument("act", choices=ACTS)
    do.add_argument("--fact", type=int, default=1, help="which fact of the why is wrong")
    do.add_argument("--claim", choices=("not_so", "other_day", "other"), default="not_so")
    do.add_argument("--day", help="the day on which it was, as 2026-11-30")
    do.add_argument("--words", help="what is wrong, in words")
    do.add_argument("number", type=int)
    do.add_argument("--file", type=Path, help="the photo to attach")
    do.add_argument("--days", type=int, default=7, help="how long to put a card off")
    do.add_argument("--all", action="store_true", help="the number is that of `timeline --all`")
    commands.add_parser("wipe").add_argument("--yes", action="store_true")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Does one command; the exit code."""
    chosen = parse(arguments)
    session = Session(chosen)
    try:
        getattr(session, chosen.command.replace("-", "_"))()
    except (Told, StillBusy, OtherServer) as told:
        print(told, file=sys.stderr)
        return 1
    except Fault as fault:
        print((fault.ar if chosen.language == "ar" else fault.en) or fault.code, file=sys.stderr)
        return 1
    finally:
        session.store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
