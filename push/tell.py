"""Telling a person what is due: reads their notices, asks whether each stands, plans, and writes
the deliveries, in one commit of that person.

Called by the worker's sweep. Nothing is sent here: `push/deliver.py` does that. Whoever looks at a
person twice at once writes once: each notice is taken under its row's lock, as it was read.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.catalogue import Catalogue
from domain.ids import ActKey, PersonId
from domain.text.message import Language
from push.budget import Told
from push.due import Due, read_due, read_history
from push.hours import Hours, list_announced
from push.instant import local_now
from push.letter import Letter, encode_letter
from push.notice import Channel, Notice, act_of, class_of
from push.plan import Close, Finish, Hold, HoldReason, Reach, Send, Step, Waiting, plan
from push.prefer import Wishes, hold_version, read_wishes
from push.registration import list_phones
from push.say import find_words
from push.set_aside import UNSAYABLE, close_unreadable
from push.standing import GoneReason, Part, Standing, find_standings
from store.keys import KeyErased, OwnerKeys
from store.notice_tables import (
    CHANNEL_EMAIL,
    CHANNEL_PUSH,
    CHANNEL_SMS,
    DELIVERY_QUEUED,
    DELIVERY_WITHDRAWN,
    NOTICE_CLOSED,
    NOTICE_FINISHED,
    NOTICE_TOLD,
    DeliveryRow,
    NoticeRow,
)
from store.scope import PersonScope
from store.seal import Place, seal
from store.session import Unit
from timeline.contact import Contact, find_contact
from timeline.ground import Ground

NO_DEVICE = UUID(int=0)
CHANNELS: Mapping[Channel, int] = {
    "push": CHANNEL_PUSH,
    "sms": CHANNEL_SMS,
    "email": CHANNEL_EMAIL,
}
HELD: frozenset[str] = frozenset({"not_yet", "quiet_hours", "cap", "digest", "unreachable"})

_log = structlog.get_logger("osrati.push")


class Recipient(msgspec.Struct, frozen=True):
    """What is known of whom to tell."""

    phones: tuple[UUID, ...]
    contact: Contact
    wishes: Wishes
    history: tuple[Told, ...]

    @property
    def reach(self) -> Reach:
        contact = self.contact
        return Reach(bool(self.phones), contact.mobile is not None, contact.email is not None)

    @property
    def language(self) -> Language:
        """The one they chose, else the one that was reported; Arabic first."""
        chosen = self.wishes.preferences.language
        if chosen is not None:
            return chosen
        return "en" if self.contact.language == "en" else "ar"


async def tell_person(ground: Ground, person_id: PersonId) -> tuple[Step, ...]:
    """Plans everything that is due to one person and writes it; what was decided.

    Idempotent: what another process took meanwhile is left to it.
    """
    try:
        keys = await ground.keys.person(person_id)
    except KeyErased:
        await close_unreadable(ground, person_id)
        return ()
    local = local_now(ground.clock)
    async with ground.database.read(PersonScope(person_id)) as session:
        looked = await read_due(session, keys, local)
        phones = await list_phones(session)
        wishes = await read_wishes(session, keys)
        history = await read_history(session, keys, local)
    if looked.unreadable:
        await close_unreadable(ground, person_id, looked.unreadable)
    if not (due := looked.due):
        return ()
    preferences = wishes.preferences
    contact = await find_contact(ground, person_id)
    if preferences.number is not None:
        contact = msgspec.structs.replace(contact, mobile=preferences.number)
    recipient = Recipient(phones, contact, wishes, history)
    standings = await find_standings(ground, person_id, (each.notice for each in due))
    announced = list_announced((await ground.catalogues.current()).entries)
    async with ground.database.unit(PersonScope(person_id)) as unit:
        if await hold_version(unit) != wishes.version:
            return ()  # they wish otherwise since: looked at again at once
        mine = await _take(unit, due)
        gone = {each.notice.id: _gone(standings[each.notice.id], wishes) for each in mine}
        for notice_id, reason in gone.items():
            if reason is not None:
                await _set(unit, notice_id, state=NOTICE_CLOSED, reason=reason)
        steps = plan(
            (_waiting(each) for each in mine if gone[each.notice.id] is None),
            preferences=preferences,
            hours=Hours(preferences.quiet_hours, announced),
            history=history,
            reach=recipient.reach,
            local=local,
        )
        notices = {each.notice.id: each.notice for each in mine}
        for step in steps:
            await _write(unit, ground, keys, recipient, standings, step, notices, local)
    return steps


def _gone(standing: Standing, wishes: Wishes) -> GoneReason | None:
    """Why a notice stands no more, or is not to be told of after a loss."""
    if standing.record is not None and wishes.preferences.mourns(standing.record):
        return "lost"
    return standing.gone


def _waiting(each: Due) -> Waiting:
    held: HoldReason | None = each.reason if each.reason in HELD else None  # type: ignore[assignment]  # of the closed list
    return Waiting(
        each.notice,
        pushed_at=each.told_at if each.state == NOTICE_TOLD else None,
        held_for=held,
    )


async def _take(unit: Unit[PersonScope], due: Sequence[Due]) -> list[Due]:
    """Those of the due notices that are still as they were read, under their rows' locks."""
    found = await unit.execute(
        select(col(NoticeRow.notice_id), col(NoticeRow.state), col(NoticeRow.due_at))
        .where(
            col(NoticeRow.person_id) == unit.scope.person_id,
            col(NoticeRow.notice_id).in_([each.notice.id for each in due]),
        )
        .order_by(col(NoticeRow.notice_id))
        .with_for_update()
    )
    now = {ActKey(row.notice_id): (row.state, row.due_at) for row in found}
    return [each for each in due if now.get(each.notice.id) == (each.state, each.due_at)]


async def _write(
    unit: Unit[PersonScope],
    ground: Ground,
    keys: OwnerKeys,
    recipient: Recipient,
    standings: Mapping[ActKey, Standing],
    step: Step,
    mine: Mapping[ActKey, Notice],
    local: datetime,
) -> None:
    match step:
        case Hold(notice_id, until, reason):
            await _set(unit, notice_id, due_at=until, reason=reason)
        case Close(notice_id, reason):
            await _set(unit, notice_id, state=NOTICE_CLOSED, reason=reason)
        case Finish(notice_id):
            await _set(unit, notice_id, state=NOTICE_FINISHED, reason=None)
        case Send(notices, channels, look_again_at):
            last_on = min(mine[notice_id].not_after_on for notice_id in notices)
            catalogue = await ground.catalogues.current()
            lead = mine[notices[0]]
            letters = [
                _letter(catalogue, recipient, standings, lead, notices, channel, last_on)
                for channel in channels
            ]
            if None in letters:
                await _close_unsayable(unit, lead, notices[1:], local)
                return
            for notice_id in notices:
                await _set(
                    unit,
                    notice_id,
                    state=NOTICE_TOLD if look_again_at else NOTICE_FINISHED,
                    reason=None,
                    told_at=local,
                    told_with=notices[0],
                    due_at=look_again_at or local,
                )
            for letter in letters:
                assert letter is not None
                await _queue(unit, keys, recipient, notices[0], letter, local)


async def _close_unsayable(
    unit: Unit[PersonScope], lead: Notice, others: Sequence[ActKey], local: datetime
) -> None:
    """Says nothing half: the notice is closed, the log names its entry, and what was to be told
    with it is looked at again.
    """
    _log.error("notice_unsayable", entry=lead.entry, card=lead.card, message_entry=lead.message)
    await _set(unit, lead.id, state=NOTICE_CLOSED, reason=UNSAYABLE)
    for notice_id in others:
        await _set(unit, notice_id, due_at=local, reason=None)


async def _set(unit: Unit[PersonScope], notice_id: ActKey, **values: object) -> None:
    await unit.execute(
        update(NoticeRow)
        .where(
            col(NoticeRow.person_id) == unit.scope.person_id,
            col(NoticeRow.notice_id) == notice_id,
        )
        .values(**values)
    )


async def _queue(
    unit: Unit[PersonScope],
    keys: OwnerKeys,
    recipient: Recipient,
    lead: ActKey,
    letter: Letter,
    local: datetime,
) -> None:
    """One delivery a phone, or one to the number or address."""
    person_id = unit.scope.person_id
    body = encode_letter(letter)
    for device_id in recipient.phones if letter.channel == "push" else (NO_DEVICE,):
        fresh = {
            "state": DELIVERY_QUEUED,
            "reason": None,
            "attempt_count": 0,
            "made_at": local,
            "next_at": local,
            "settled_at": None,
            "sealed": seal(keys.for_("delivery"), Place(person_id, lead), body),
        }
        await unit.execute(
            insert(DeliveryRow)
            .values(
                person_id=person_id,
                notice_id=lead,
                channel=CHANNELS[letter.channel],
                device_id=device_id,
                **fresh,
            )
            .on_conflict_do_update(
                index_elements=["person_id", "notice_id", "channel", "device_id"],
                set_=fresh,
                where=col(DeliveryRow.state) == DELIVERY_WITHDRAWN,
            )
        )


def _letter(
    catalogue: Catalogue,
    recipient: Recipient,
    standings: Mapping[ActKey, Standing],
    notice: Notice,
    notices: Sequence[ActKey],
    channel: Channel,
    until_on: date,
) -> Letter | None:
    """A message by one channel, led by `notice`; None where it has no words."""
    lead = standings[notice.id]
    assert lead.record is not None, "what is gone is never planned"
    parts = tuple(_parts(standings, notices, wish=recipient.wishes.version))
    service = catalogue.find_service(lead.record.entry, lead.record.version)
    assert service is not None, "what has no rule in force has gone"
    language, contact = recipient.language, recipient.contact
    said = find_words(notice, lead.record, service, catalogue, channel=channel, language=language)
    if said is None:
        return None
    address = {"push": "", "sms": contact.mobile, "email": contact.email}[channel] or ""
    return Letter(
        channel,
        class_of(service),
        parts,
        language,
        until_on,
        title=said.title,
        address=address,
        text=said.text,
        attachment=notice.attachment if channel == "email" else None,
        act=act_of(notice, lead.record),
    )


def _parts(
    standings: Mapping[ActKey, Standing], notices: Iterable[ActKey], *, wish: int
) -> Iterable[Part]:
    for notice_id in notices:
        part = standings[notice_id].part
        assert part is not None, "what is gone is never planned"
        yield msgspec.structs.replace(part, wish=wish)
