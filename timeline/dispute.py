"""What a member says is wrong: one fact that a card's why cites. Disputing it, taking that back.

Both are facts in the circle of the card, in the command's commit. An effect of that circle then
carries them to wherever the disputed fact is (`spread_dispute`), and a question to the registry
that answers for it (`gov/dispute.py`).
"""

from datetime import date, timedelta
from typing import (  # Any: the tuple holds handlers of every payload type
    Annotated,
    Any,
    TypeAlias,
)

import msgspec

from domain.citation import CITATION_BYTES, citation_of, mark_of, split
from domain.dispute import ANSWER_DAYS, REVIEW_PART, Dispute, dispute_id, disputes_of
from domain.error import NotFound, Refusal
from domain.fact import MEMBER_SOURCE, Fact
from domain.facts.act import EnteredInError
from domain.facts.dispute import Claim, DisputeAnswered, FactDisputed, ReviewOpened
from domain.ids import CircleId, PersonId
from domain.people.actor import Actor
from domain.precedence import registry_of
from store.clock import Clock
from store.scope import CircleScope
from timeline.act import Key
from timeline.apply import apply_facts
from timeline.command import Command, CommandType, Standing
from timeline.ground import Ground
from timeline.record import read_facts

WORDS_CHARACTERS_MAX = 500
OPEN_DISPUTES_MAX = 20  # of a member in a circle: a why of twenty facts may all be wrong

Citation: TypeAlias = Annotated[
    bytes, msgspec.Meta(min_length=CITATION_BYTES, max_length=CITATION_BYTES)
]


class DisputeFact(msgspec.Struct, frozen=True):
    """`fact` is the citation of a fact in the why of the card `key`."""

    key: Key
    fact: Citation
    claim: Claim
    says_on: date | None = None
    words: Annotated[str, msgspec.Meta(max_length=WORDS_CHARACTERS_MAX)] | None = None


class WithdrawDispute(msgspec.Struct, frozen=True):
    key: Key
    fact: Citation


class NotDisputable(Refusal):
    code = "dispute.not_disputable"
    ar = "سُجّلت هذه المعلومة بإجراء منك لا من جهة. تراجع عن الإجراء بدل الاعتراض عليه."
    en = "This came from something you did, not from an agency. Take that act back instead."


class SaysNothing(Refusal):
    code = "dispute.says_nothing"
    ar = "اذكر ما تراه صحيحًا: يومًا مضى غير المسجَّل، أو كلمات تصف الخطأ، ثم أعد الإرسال."
    en = "Say what is right: a past day other than the recorded one, or words; then send it again."


class WordsTooLong(Refusal):
    code = "dispute.words_too_long"
    status = 413
    ar = "النص أطول من 500 حرف. اختصره ثم أعد الإرسال."
    en = "The words are longer than 500 characters. Shorten them and send again."


class AlreadyDisputed(Refusal):
    code = "dispute.already_open"
    status = 409
    ar = "اعترضت على هذه المعلومة من قبل وهي قيد المراجعة. انتظر الرد أو اسحب اعتراضك أولًا."
    en = "You have disputed this already and it is under review. Await the answer, or withdraw it."


class AlreadyAnswered(Refusal):
    code = "dispute.already_answered"
    status = 409
    ar = "أجابت الجهة عن اعتراضك على هذه المعلومة. اقرأ الرد، ولأي جديد راجع الجهة مباشرة."
    en = "The registry has answered this dispute. Read its answer; for anything new, turn to it."


class TooManyDisputes(Refusal):
    code = "dispute.too_many"
    status = 409
    ar = "لديك عشرون اعتراضًا قيد المراجعة، وهو الحد. انتظر ردًّا أو اسحب اعتراضًا، ثم أعد المحاولة."
    en = "Twenty disputes of yours are under review, the most there may be. Withdraw one, or wait."


class NothingToWithdraw(Refusal):
    code = "dispute.nothing_to_withdraw"
    status = 409
    ar = "لا يوجد اعتراض لك على هذه المعلومة قيد المراجعة. حدِّث القائمة لترى كيف انتهى."
    en = "No dispute of yours about this is under review. Refresh the list to see how it ended."


REFUSALS: tuple[type[Refusal], ...] = (
    NotDisputable,
    SaysNothing,
    AlreadyDisputed,
    AlreadyAnswered,
    TooManyDisputes,
    NothingToWithdraw,
)


def _dispute(
    clock: Clock, actor: Actor, command: Command[DisputeFact], standing: Standing
) -> tuple[Fact, ...]:
    said, today = command.payload, clock.today()
    fact = _cited(standing, said.fact)
    registry = registry_of(fact)
    if registry is None:
        raise NotDisputable()
    words = " ".join((said.words or "").split()) or None
    is_another_day = said.says_on not in (None, fact.occurred_on)
    if said.says_on is not None and said.says_on > today:
        raise SaysNothing("says_on")
    if said.claim == "other_day" and not is_another_day:
        raise SaysNothing("says_on")
    if said.claim == "other" and words is None:
        raise SaysNothing("words")
    dispute = dispute_id(actor.person_id, command.id)
    mine = [one for one in _mine(actor, standing) if one.id != dispute]
    about = [one for one in mine if one.target == fact.identity]
    if any(one.is_open for one in about):
        raise AlreadyDisputed()
    if any(one.answer is not None and not one.is_withdrawn for one in about):
        raise AlreadyAnswered()
    if sum(one.is_open for one in mine) >= OPEN_DISPUTES_MAX:
        raise TooManyDisputes()
    disputed = FactDisputed(actor.person_id, dispute, said.claim, said.says_on, words)
    opened = ReviewOpened(
        dispute, *fact.identity, registry=registry, due_on=today + timedelta(days=ANSWER_DAYS)
    )
    now = clock.now_utc()
    return (
        Fact(MEMBER_SOURCE, dispute, "", today, now, disputed),
        Fact(MEMBER_SOURCE, dispute, REVIEW_PART, today, now, opened),
    )


def _withdraw(
    clock: Clock, actor: Actor, command: Command[WithdrawDispute], standing: Standing
) -> Fact:
    target = _cited(standing, command.payload.fact).identity
    mine = [one for one in _mine(actor, standing) if one.is_open and one.target == target]
    if not mine:
        raise NothingToWithdraw()
    return Fact(
        source=MEMBER_SOURCE,
        source_id=f"{actor.person_id}/{command.id}",
        part="",
        occurred_on=clock.today(),
        asserted_at=clock.now_utc(),
        payload=EnteredInError(MEMBER_SOURCE, mine[0].id),
    )


def _cited(standing: Standing, citation: bytes) -> Fact:
    """The fact that the actor's card cites so. Raises: NotFound, for one of other cards too."""
    if citation in split(standing.held.record.cited):
        for fact in standing.facts:
            if citation_of(mark_of(fact), standing.secret) == citation:
                return fact
    raise NotFound()


def _mine(actor: Actor, standing: Standing) -> list[Dispute]:
    return [
        one
        for one in disputes_of(standing.facts)
        if one.said is not None and one.said.person == actor.person_id
    ]


class HeldDispute(msgspec.Struct, frozen=True):
    """A dispute as one circle holds it: what is known of it, who disputes, the disputed fact.

    `people` are whoever it touches: the member, and those whom the disputed fact is about.
    """

    dispute: Dispute
    facts: tuple[Fact, ...]
    disputed: Fact | None
    people: tuple[PersonId, ...]


async def find_dispute(ground: Ground, circle_id: CircleId, dispute: str) -> HeldDispute | None:
    """A dispute as a circle holds it, or None where it does not."""
    keys = await ground.keys.circle(circle_id)
    async with ground.database.read(CircleScope(circle_id)) as session:
        facts = await read_facts(session, keys)
    known = next((one for one in disputes_of(facts) if one.id == dispute), None)
    if known is None:
        return None
    disputed = next((fact for fact in facts if fact.identity == known.target), None)
    people = {
        fact.payload.person
        for fact in facts
        if isinstance(fact.payload, FactDisputed) and fact.payload.dispute == dispute
    }
    people |= set(disputed.payload.subjects()) if disputed is not None else set()
    return HeldDispute(
        known,
        tuple(
            fact
            for fact in facts
            if (fact.source, fact.source_id) == (MEMBER_SOURCE, dispute)
            or fact.payload == EnteredInError(MEMBER_SOURCE, dispute)
            or (isinstance(fact.payload, DisputeAnswered) and fact.payload.dispute == dispute)
        ),
        disputed,
        tuple(sorted(people, key=lambda person: person.bytes)),
    )


async def spread_dispute(ground: Ground, held: HeldDispute) -> frozenset[CircleId]:
    """Brings a dispute, or its end, wherever the disputed fact is; the circles that learnt of it.

    Idempotent. They are dirty in the same commits: the sweep, or who reads them, refreshes them.
    """
    return await apply_facts(ground, held.facts, concerns=held.people)


COMMANDS: tuple[CommandType[Any], ...] = (
    CommandType("fact.dispute", DisputeFact, lambda payload: payload.key, _dispute),
    CommandType("fact.withdraw_dispute", WithdrawDispute, lambda payload: payload.key, _withdraw),
)
