"""Children and their births as situations: one a child, and one a delivery, whatever its number."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from domain.calendar_date import adult_on
from domain.card.record import Parameter
from domain.fact import Fact
from domain.facts.birth import BirthNotified
from domain.facts.health import DisabilityRecognised
from domain.facts.support import BenefitDecided, SchoolStageReached, SeatReleased, SeatReserved
from domain.family import Child, Family
from domain.history.papers import first_issue, papers_of
from domain.horizon import Horizon
from domain.ids import PersonId
from domain.situation import Situation
from domain.start.mourning import ONE_DELIVERY, mourns_at_birth
from domain.start.said import Said, emirate_of, last_of, named, parents_of

CITIZEN = "ARE"  # ISO 3166-1 alpha-3


def children_as_situations(family: Family, horizon: Horizon) -> Iterator[Situation]:
    """Every child at home in this circle."""
    yield from (_of_child(family, child, horizon) for child in family.children)


def deliveries_as_situations(family: Family, horizon: Horizon) -> Iterator[Situation]:
    """Every delivery of a mother of this circle, by the children who were born to her here."""
    mothers: dict[PersonId, list[list[Child]]] = {}
    for child in family.children:
        said = child.start.payload
        if not isinstance(said, BirthNotified) or child.care.is_own or said.mother != child.mother:
            continue  # taken in, or grown up
        groups = mothers.setdefault(said.mother, [])
        if groups and child.born_on - groups[-1][0].born_on <= ONE_DELIVERY:
            groups[-1].append(child)
        else:
            groups.append([child])
    for mother, groups in mothers.items():
        for group in groups:
            yield _of_delivery(family, mother, group, horizon)


def _of_child(family: Family, child: Child, horizon: Horizon) -> Situation:
    person = family.person(child.id)
    facts = family.about.get(child.id, ())
    said = Said()
    said.person("child", person, child.start)
    for role, parent in parents_of(child.mother, child.father).items():
        said.person(role, family.person(parent), child.start)
    if "child_emirate" not in said.variables and child.mother is not None:
        said.value("child_emirate", *emirate_of(family.person(child.mother)))
    said.value("birth_confirmed", child.is_confirmed)
    said.value("family_mourns", mourns_at_birth(family, child))
    said.value("child_sex", person.sex)
    said.value("child_disabled", is_disabled(person.disability, horizon), person.disability)
    said.value("father_known", child.father is not None)
    said.value("born_to_residents", _is_of_residents(family, child))
    said.value("has_older_siblings", _has_older(family, child))
    said.field("born_on", child.born_on.isoformat(), child.start)
    said.field("child_sex", person.sex, child.start)
    _papers(said, facts)
    _school(said, facts)
    _allowance(said, family, child)
    return Situation(
        start="birth",
        subject=child.id,
        roles=parents_of(child.mother, child.father),
        variables=said.variables,
        anchors={"born_on": child.born_on, **said.anchors},
        parameters=(*named("child_name", person), Parameter("born_on", child.born_on.isoformat())),
        facts=(child.start,),
        known_on=child.known_on,
        variable_facts=said.facts,
        anchor_facts=said.anchor_facts,
        begins_on=adult_on(child.born_on) if child.care.is_own else None,
        ends_on=None if child.care.is_own else adult_on(child.born_on),
        child=child,
        care=child.care,
        fields=said.fields,
    )


def _papers(said: Said, facts: Sequence[Fact]) -> None:
    papers = papers_of(facts)
    certificate = first_issue(papers, "birth_certificate")
    said.happened("birth_certificate_issued", certificate, anchor="certificate_issued_on")
    said.happened("emirates_id_issued", first_issue(papers, "emirates_id"))
    said.happened("passport_issued", first_issue(papers, "passport"))
    if certificate is not None:
        number = getattr(certificate.payload, "number", None)
        said.field("birth_certificate_number", number, certificate)


def _school(said: Said, facts: Sequence[Fact]) -> None:
    stage = last_of(facts, SchoolStageReached)
    reached = (
        stage.payload.stage if stage and isinstance(stage.payload, SchoolStageReached) else None
    )
    said.value("school_stage", reached or "none", stage)
    reserved, released = last_of(facts, SeatReserved), last_of(facts, SeatReleased)
    if reserved is not None and released is not None:
        order = (released.occurred_on, released.precedence)
        reserved = None if order > (reserved.occurred_on, reserved.precedence) else reserved
    said.happened("seat_reserved", reserved, anchor="seat_reserved_on")


def _allowance(said: Said, family: Family, child: Child) -> None:
    """Whether the child allowance was decided for the father (or the mother, where she has it)."""
    decided = [
        fact
        for parent in (child.father, child.mother)
        if parent is not None
        for fact in family.about.get(parent, ())
        if isinstance(fact.payload, BenefitDecided)
        and fact.payload.benefit == "child_allowance"
        and fact.payload.child == child.id
        and fact.payload.decision != "more_needed"
    ]
    said.happened("allowance_decided", last_of(decided, BenefitDecided))


def _is_of_residents(family: Family, child: Child) -> bool:
    """Whether the child is a foreigner, as recorded; where that is not known yet, whether all that
    is known of both parents says so."""
    own = family.person(child.id).nationality
    if own is not None:
        return own != CITIZEN
    parents = parents_of(child.mother, child.father).values()
    known = [family.person(parent).nationality for parent in parents]
    return bool(known) and all(one is not None and one != CITIZEN for one in known)


def _has_older(family: Family, child: Child) -> bool:
    return any(
        other.mother == child.mother and other.born_on < child.born_on - ONE_DELIVERY
        for other in family.children
    )


def is_disabled(recognised: Fact | None, horizon: Horizon) -> bool:
    """Whether a recognition holds today."""
    if recognised is None or not isinstance(recognised.payload, DisabilityRecognised):
        return False
    ends_on = recognised.payload.ends_on
    return ends_on is None or not horizon.reached(ends_on)


def _of_delivery(
    family: Family, mother: PersonId, children: Sequence[Child], horizon: Horizon
) -> Situation:
    first = children[0]
    father = next((child.father for child in children if child.father is not None), None)
    living = [child for child in children if family.person(child.id).died_on is None]
    said = Said()
    for role, parent in parents_of(mother, father).items():
        said.person(role, family.person(parent), first.start)
    said.value("any_child_alive", bool(living))
    said.value("birth_confirmed", all(child.is_confirmed for child in children))
    in_mourning = any(mourns_at_birth(family, child) for child in children)
    said.value("family_mourns", in_mourning)
    said.value("born_in_country", _is_born_here(first), first.start)
    disabled = [family.person(child.id).disability for child in living]
    said.value("child_disabled", any(is_disabled(one, horizon) for one in disabled))
    issues = [
        issue
        for child in children
        if (issue := first_issue(papers_of(family.about.get(child.id, ())), "birth_certificate"))
    ]
    certificate = min(issues, key=lambda fact: (fact.occurred_on, fact.precedence), default=None)
    said.happened("birth_certificate_issued", certificate, anchor="certificate_issued_on")
    leave = _leave_of(family, mother, "maternity_leave", children)
    said.happened("maternity_leave_decided", leave)
    leave = _leave_of(family, father, "paternity_leave", children)
    said.happened("paternity_leave_decided", leave)
    said.field("delivered_on", first.born_on.isoformat(), first.start)
    if certificate is not None:
        number = getattr(certificate.payload, "number", None)
        said.field("birth_certificate_number", number, certificate)
    return Situation(
        start="delivery",
        subject=mother,
        occurrence=f"{first.born_on.isoformat()}/",
        roles=parents_of(mother, father),
        variables=said.variables,
        anchors={"delivered_on": first.born_on, **said.anchors},
        parameters=(
            Parameter("children_count", max(1, len(living))),
            Parameter("delivered_on", first.born_on.isoformat()),
        ),
        facts=tuple(child.start for child in children),
        known_on=min(child.known_on for child in children),
        variable_facts=said.facts,
        anchor_facts=said.anchor_facts,
        fields=said.fields,
    )


def _is_born_here(child: Child) -> bool | None:
    said = child.start.payload
    if not isinstance(said, BirthNotified) or said.place is None:
        return None
    if said.place.emirate is not None:
        return True
    return said.place.country == "ARE" if said.place.country is not None else None


def _leave_of(
    family: Family, parent: PersonId | None, benefit: str, children: Sequence[Child]
) -> Fact | None:
    """What was decided on a leave for this delivery: for one of its children, or, where no child
    is named, on the day or later.
    """
    if parent is None:
        return None
    ids, born_on = {child.id for child in children}, children[0].born_on
    found = [
        fact
        for fact in family.about.get(parent, ())
        if isinstance(fact.payload, BenefitDecided)
        and fact.payload.benefit == benefit
        and fact.payload.decision != "more_needed"
        and (
            fact.payload.child in ids
            if fact.payload.child is not None
            else born_on <= fact.occurred_on <= born_on + timedelta(days=365)
        )
    ]
    return last_of(found, BenefitDecided)
