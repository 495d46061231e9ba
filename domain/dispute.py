"""What is disputed in a circle: how each dispute stands, what a reader is shown, who is asked.

Pure, and the same in whatever order anything arrived. A dispute stays open until the registry that
has it answers; one that hands it on gives it, with the clock as it runs, to the next.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import msgspec

from domain.card.record import DisputeStep, Effect, FactReview, MemberSaid, Record, ReviewState
from domain.citation import citation_of, mark, split
from domain.fact import Fact
from domain.facts.dispute import Answer, DisputeAnswered, FactDisputed, ReviewOpened
from domain.ids import ActKey, CommandId, PersonId
from domain.keyed_hash import keyed_hash
from domain.people.identity import read_as_they_are
from domain.standing import standing_facts

# Draft: the executive regulation of Federal Decree-Law 45/2021 is to say how long a controller has
# to answer a request to correct (article 14). Until it does, the month of most such laws.
ANSWER_DAYS = 30
ANSWER_DAYS_ARE_DRAFT = True
ASK_DAYS = 365  # a registry that was away so long is not asked any more
REVIEW_PART = "review"


class Dispute(msgspec.Struct, frozen=True):
    """One dispute by all that is known here. `said` is None where its member is not at home.

    `registry` has it now. `answer` is the one that ended it. `is_withdrawn` where its member took
    it back.
    """

    id: str
    opened: ReviewOpened
    since_on: date
    registry: str
    said: FactDisputed | None
    answer: Answer | None
    answered_on: date | None
    is_withdrawn: bool

    @property
    def is_open(self) -> bool:
        return self.answer is None and not self.is_withdrawn

    @property
    def target(self) -> tuple[str, str, str]:
        """Source, source id and part of the fact that is said to be wrong."""
        opened = self.opened
        return opened.target_source, opened.target_source_id, opened.target_part


def dispute_id(person: PersonId, command_id: CommandId) -> str:
    """The id of what a member disputes by one command: registries know it by this."""
    return hashlib.sha256(b"dispute" + person.bytes + command_id.bytes).hexdigest()[:32]


def disputes_of(facts: Iterable[Fact]) -> tuple[Dispute, ...]:
    """Every dispute that these facts know of, sorted by id."""
    facts = tuple(facts)
    opened = {f.payload.dispute: f for f in facts if isinstance(f.payload, ReviewOpened)}
    if not opened:
        return ()
    read = read_as_they_are(facts)
    said = {f.payload.dispute: f.payload for f in read if isinstance(f.payload, FactDisputed)}
    answers: dict[tuple[str, str], Fact] = {}
    standing: set[str] = set()
    for fact in standing_facts(read):
        match fact.payload:
            case DisputeAnswered(dispute=dispute):
                answers[dispute, fact.source] = fact
            case ReviewOpened(dispute=dispute):
                standing.add(dispute)
            case _:
                pass
    found = []
    for dispute in sorted(opened):
        review = opened[dispute].payload
        assert isinstance(review, ReviewOpened)
        registry, answer = _last_asked(review, answers)
        ended = answer.payload if answer is not None else None
        assert ended is None or isinstance(ended, DisputeAnswered)
        found.append(
            Dispute(
                dispute,
                review,
                opened[dispute].occurred_on,
                registry,
                said.get(dispute),
                ended.answer if ended is not None else None,
                answer.occurred_on if answer is not None else None,
                dispute not in standing,
            )
        )
    return tuple(found)


def _last_asked(
    opened: ReviewOpened, answers: dict[tuple[str, str], Fact]
) -> tuple[str, Fact | None]:
    """Who has the dispute, and the answer that ended it: hands it on until somebody answers.

    Where two hand it to each other it stays open with the last.
    """
    registry, seen = opened.registry, set[str]()
    while True:
        seen.add(registry)
        answer = answers.get((opened.dispute, registry))
        if answer is None:
            return registry, None
        assert isinstance(answer.payload, DisputeAnswered)
        if answer.payload.answer != "not_ours":
            return registry, answer
        next_ = answer.payload.passed_to
        if next_ is None or next_ in seen:
            return registry, None
        registry = next_


def asked_of(dispute: str, facts: Iterable[Fact]) -> frozenset[str]:
    """Every agency that was asked about a dispute, by all that was ever answered."""
    facts = tuple(facts)
    asked: set[str] = set()
    for fact in facts:
        if isinstance(fact.payload, ReviewOpened) and fact.payload.dispute == dispute:
            asked.add(fact.payload.registry)
    handed = {
        fact.source: fact.payload.passed_to
        for fact in sorted(standing_facts(facts), key=lambda one: one.precedence)
        if isinstance(fact.payload, DisputeAnswered) and fact.payload.dispute == dispute
    }
    new = set(asked)
    while new:
        new = {to for by in new if (to := handed.get(by)) is not None} - asked
        asked |= new
    return frozenset(asked)


def with_reviews(record: Record, disputes: tuple[Dispute, ...], secret: bytes) -> Record:
    """The record with the marks of its facts keyed, and what is disputed of them said.

    Whoever disputes a fact sees what was said and how it ended. Everybody else whose cards rest on
    it sees that it is under review, and by whom it is reviewed: not who disputes it.
    """
    marks = split(record.cited)
    reviews = (
        tuple(
            review
            for place, one in enumerate(marks)
            if (review := _review_of(place, one, record.recipient, disputes)) is not None
        )
        if disputes
        else ()
    )
    return msgspec.structs.replace(
        record, cited=b"".join(citation_of(one, secret) for one in marks), reviews=reviews
    )


def _review_of(
    place: int, marked: bytes, reader: PersonId, disputes: tuple[Dispute, ...]
) -> FactReview | None:
    about = [d for d in disputes if mark(*d.target) == marked and not d.is_withdrawn]
    mine = [d for d in about if d.said is not None and d.said.person == reader]
    is_open = [d for d in about if d.is_open]
    # Of several the one that has waited longest; of one's own that ended, the last.
    shown = min(is_open, key=_age) if is_open else max(mine, key=_age, default=None)
    if shown is None:
        return None
    own = max(mine, key=_age, default=None)
    said = own.said if own is not None else None
    return FactReview(
        place=place,
        state="open" if shown.is_open else _ended(shown),
        registry=shown.registry,
        since_on=shown.since_on,
        due_on=shown.opened.due_on,
        is_draft=ANSWER_DAYS_ARE_DRAFT,
        answered_on=shown.answered_on,
        said=MemberSaid(said.claim, said.says_on, said.words) if said is not None else None,
    )


def _ended(dispute: Dispute) -> ReviewState:
    return "corrected" if dispute.answer == "corrected" else "upheld"


def _age(dispute: Dispute) -> tuple[date, str]:
    return dispute.since_on, dispute.id


def plan_questions(
    disputes: Iterable[Dispute], facts: Iterable[Fact], secret: bytes
) -> Iterator[Effect]:
    """Which registry is to be asked about what is disputed by members of this circle, once each;
    and which is to be told that nothing is asked any more.

    Every circle that holds the member's words plans the same act: whoever carries it out does so
    once (`gov/dispute.py`).
    """
    facts = tuple(facts)
    held = {(fact.source, fact.source_id, fact.part) for fact in facts}
    standing = {(fact.source, fact.source_id, fact.part) for fact in standing_facts(facts)}
    for dispute in disputes:
        if dispute.said is None or dispute.answer is not None or dispute.target not in held:
            continue
        wanted = not dispute.is_withdrawn and dispute.target in standing
        act = "dispute" if wanted else "dispute_withdrawn"
        yield Effect(
            key=ActKey(keyed_hash(secret, act, dispute.id, dispute.registry)),
            kind="dispute",
            recipient=dispute.said.person,
            not_before_on=dispute.since_on,
            not_after_on=dispute.since_on + timedelta(days=ASK_DAYS),
            dispute=DisputeStep(dispute.id, dispute.registry, "ask" if wanted else "withdraw"),
        )
