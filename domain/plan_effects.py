"""What a refresh wants done elsewhere: whom to tell of which card, what to send an agency, whom to
look up."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from domain.calendar_date import local_date
from domain.card.record import Effect, FilledField, LookUp, Record, Submission, Window
from domain.catalogue import Catalogue, NoticeMoment, Service
from domain.citation import split
from domain.fact import Fact
from domain.facts.person import PersonFirstSeen
from domain.ids import ActKey, EntryId
from domain.keyed_hash import keyed_hash
from domain.people.circle import Circle
from domain.situation import Situation

ANSWER_TOLD_DAYS = 30  # after that whoever disputed has read it on the card, or asked
LOOK_UP_DAYS = 365  # a registry that was away so long is not asked any more


def plan_effects(record: Record, catalogue: Catalogue, secret: bytes) -> Iterator[Effect]:
    """Whom to tell of a card, and when: nothing for one that waits, is done or was put away, but
    that what its reader disputed of it is answered.
    """
    yield from _plan_answers(record, secret)
    window = record.window
    if window is None or record.quiet or record.resolved_on is not None or record.dismissed:
        return
    service = catalogue.find_service(record.entry, record.version)
    if service is None:
        return  # another rule is in force: the next refresh plans anew
    told_on: set[date] = set()
    for notice in service.card(record.card).notices:
        moment = notice.moment
        not_before_on, not_after_on = _told_between(moment, window)
        if moment == "visible" and record.acknowledged:
            continue
        act: str = moment
        if record.snoozed_until is not None and record.snoozed_until > not_before_on:
            not_before_on = record.snoozed_until
            act = f"{moment}/{not_before_on.isoformat()}"  # asked for again: another act to tell of
        if not_before_on > not_after_on or not_before_on in told_on:
            continue
        told_on.add(not_before_on)
        yield Effect(
            key=ActKey(keyed_hash(secret, "act", record.key, act)),
            kind="tell",
            recipient=record.recipient,
            record_key=record.key,
            entry=record.entry,
            version=record.version,
            card=record.card,
            act=moment,
            message=notice.message or EntryId(""),
            channels=notice.channels,
            attachment=notice.attachment,
            not_before_on=not_before_on,
            not_after_on=not_after_on,
        )


def _plan_answers(record: Record, secret: bytes) -> Iterator[Effect]:
    """That a registry answered what the reader disputes: told once, however many cards rest on the
    fact. Nobody else is told: whose words they are is the reader's own.
    """
    cited = split(record.cited)
    for review in record.reviews:
        if not record.is_card or review.said is None or review.answered_on is None:
            continue
        about, answered_on = cited[review.place], review.answered_on
        yield Effect(
            key=ActKey(
                keyed_hash(secret, "answered", record.recipient.bytes, about, str(answered_on))
            ),
            kind="tell",
            recipient=record.recipient,
            record_key=record.key,
            entry=record.entry,
            version=record.version,
            card=record.card,
            act="answered",
            not_before_on=answered_on,
            not_after_on=answered_on + timedelta(days=ANSWER_TOLD_DAYS),
        )


def plan_submission(
    record: Record, service: Service, situation: Situation, secret: bytes
) -> Effect | None:
    """What an agency is sent because of a card, once for whatever number of readers: nothing for
    one that waits or is resolved, and nothing before a required field is known.

    What its reader put away is sent all the same: it is not theirs to ask for.
    """
    window = record.window
    if not record.is_card or window is None or record.resolved_on is not None:
        return None
    submit = service.card(record.card).submit
    if submit is None or submit.by != "itself":
        return None
    known = {name: situation.fields[name] for name in submit.fields if name in situation.fields}
    if any(name not in known for name in submit.required):
        return None
    fields = tuple(
        FilledField(name, field.value, field.fact.source, local_date(field.fact.asserted_at))
        for name, field in known.items()
    )
    return Effect(
        key=ActKey(
            keyed_hash(secret, "submit", record.subject.bytes, record.entry, record.occurrence)
        ),
        kind="submit",
        recipient=record.recipient,
        record_key=record.key,
        entry=record.entry,
        version=record.version,
        card=record.card,
        not_before_on=window.due_from,
        not_after_on=window.expires_on,
        submission=Submission(submit.kind, submit.agency, record.subject, fields),
    )


def plan_look_ups(circle: Circle, facts: Iterable[Fact], secret: bytes) -> Iterator[Effect]:
    """Whom to look up in a registry: whoever was first seen and has this single circle, once for
    each number.
    """
    for fact in facts:
        match fact.payload:
            case PersonFirstSeen(person, system, value) if circle.members == (person,):
                yield Effect(
                    key=ActKey(keyed_hash(secret, "look_up", person.bytes, system, value)),
                    kind="look_up",
                    recipient=person,
                    not_before_on=fact.occurred_on,
                    not_after_on=fact.occurred_on + timedelta(days=LOOK_UP_DAYS),
                    look_up=LookUp(system, value),
                )
            case _:
                pass


def _told_between(moment: NoticeMoment, window: Window) -> tuple[date, date]:
    if moment == "visible" and window.visible_from < window.due_from:
        return window.visible_from, window.due_from - timedelta(days=1)
    return window.due_from, window.due_until
