"""What happens to one person: an appointment, a document, a job, a move, a place, a changed law.

What is said of an adult is at home in the adult's own circle; what is said of a child, with its
parents.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from domain.calendar_date import DUBAI, adult_on
from domain.card.record import Parameter
from domain.catalogue import Role, Start
from domain.fact import Fact
from domain.facts.appointment import AppointmentCancelled, AppointmentKept, AppointmentMissed
from domain.facts.health import DisabilityRecognised
from domain.facts.marriage import DivorceRegistered
from domain.facts.person import EmploymentChanged, PlaceEntered, ResidenceChanged
from domain.facts.support import RegulationChanged
from domain.family import Child, Family
from domain.history.papers import Paper, papers_of
from domain.history.visits import Appointment, appointments_of
from domain.horizon import Horizon
from domain.ids import PersonId
from domain.people.circle import Circle
from domain.situation import Situation
from domain.start.said import Said, named, parents_of

APPOINTMENT_KEPT_DAYS = 90  # then a past appointment leaves the timeline
PLACE_KEPT_DAYS = 30  # what a place offered is of no use a month later
PLACES_MAX = 5  # of one person: the last ones; who crosses a border daily needs no more
MOVE_KEPT_DAYS = 365
EMPLOYMENT_KEPT_DAYS = 365
DIVORCE_KEPT_DAYS = 365


def own_of(circle: Circle) -> PersonId | None:
    """Whose own circle this is, if it is one person's."""
    return circle.members[0] if circle.kind == "single" else None


def disabilities_as_situations(family: Family, horizon: Horizon) -> Iterator[Situation]:
    """A recognition that holds, of whoever has one here and lives."""
    for person, child in _held(family):
        recognised = family.person(person).disability
        if recognised is None or not isinstance(recognised.payload, DisabilityRecognised):
            continue
        ends_on = recognised.payload.ends_on
        said = _said_of(family, person, child)
        lives = family.person(person).died_on is None
        lasts = ends_on is None or not horizon.reached(ends_on)
        said.value("disability_in_force", lives and lasts)
        said.value("disability_of", "child" if child is not None else "self")
        said.value("disability_category", recognised.payload.category, recognised)
        yield Situation(
            start="disability",
            subject=person,
            roles=_roles(person, child),
            variables=said.variables,
            anchors={"recognised_on": recognised.occurred_on},
            parameters=named("person_name", family.person(person)),
            facts=(recognised,),
            known_on=recognised.known_on,
            variable_facts=said.facts,
            begins_on=_begins_on(family, person, child),
            ends_on=_first(_ends_on(child), ends_on),
            care=child.care if child is not None else None,
            fields=said.fields,
        )


def appointments_as_situations(family: Family) -> Iterator[Situation]:
    """Every appointment that was booked."""
    for person, child in _held(family):
        for one in appointments_of(family.about.get(person, ())):
            yield _of_appointment(family, one, child)


def documents_as_situations(family: Family) -> Iterator[Situation]:
    """Every document in force of one person."""
    for person, child in _held(family):
        for paper in papers_of(family.about.get(person, ())):
            if paper.is_in_force:
                yield _of_document(family, paper, child)


def divorces_as_situations(family: Family) -> Iterator[Situation]:
    """The divorces of the person whose own circle this is."""
    own = own_of(family.circle)
    for marriage in family.own_marriages if own is not None else ():
        end = marriage.end
        if end is None or not isinstance(end.payload, DivorceRegistered) or own is None:
            continue
        said = _said_of(family, own, None)
        said.value("divorce_in_force", True)
        yield Situation(
            start="divorce",
            subject=own,
            occurrence=f"{end.occurred_on.isoformat()}/{marriage.number}/",
            roles={"self": own},
            variables=said.variables,
            anchors={"divorced_on": end.occurred_on},
            parameters=(Parameter("divorced_on", end.occurred_on.isoformat()),),
            facts=(end,),
            known_on=end.known_on,
            variable_facts=said.facts,
            ends_on=end.occurred_on + timedelta(days=DIVORCE_KEPT_DAYS),
            fields=said.fields,
        )


def employments_as_situations(family: Family) -> Iterator[Situation]:
    """The present employment of the person whose own circle this is."""
    own = own_of(family.circle)
    employment = family.person(own).employment if own is not None else None
    if own is None or employment is None or not isinstance(employment.payload, EmploymentChanged):
        return
    yield _change_of(
        family,
        own,
        "employment",
        employment,
        said=_said_of(family, own, None),
        anchor="employed_on",
        parameter=Parameter("sector", (employment.payload.sector,)),
        kept_days=EMPLOYMENT_KEPT_DAYS,
    )


def residences_as_situations(family: Family) -> Iterator[Situation]:
    """The last move of the person whose own circle this is."""
    own = own_of(family.circle)
    homes = _homes(family.person(own).residences) if own is not None else []
    if own is None or not homes:
        return
    last, emirate = homes[-1]
    before = homes[-2][1] if len(homes) > 1 else None
    said = _said_of(family, own, None)
    said.value("moved_emirate", None not in (before, emirate) and before != emirate)
    said.value("has_children_at_home", any(not child.care.is_own for child in family.children))
    yield _change_of(
        family,
        own,
        "residence",
        last,
        said=said,
        anchor="moved_on",
        parameter=Parameter("emirate", (_term(emirate),)),
        kept_days=MOVE_KEPT_DAYS,
    )


def _change_of(
    family: Family,
    own: PersonId,
    start: Start,
    fact: Fact,
    *,
    said: Said,
    anchor: str,
    parameter: Parameter,
    kept_days: int,
) -> Situation:
    """Something of a person's own life that changed on a day, for as long as it is kept."""
    return Situation(
        start=start,
        subject=own,
        occurrence=f"{fact.occurred_on.isoformat()}/",
        roles={"self": own},
        variables=said.variables,
        anchors={anchor: fact.occurred_on},
        parameters=(parameter,),
        facts=(fact,),
        known_on=fact.known_on,
        variable_facts=said.facts,
        begins_on=_begins_on(family, own, None),
        ends_on=fact.occurred_on + timedelta(days=kept_days),
        fields=said.fields,
    )


def places_as_situations(family: Family) -> Iterator[Situation]:
    """The last places that the person whose own circle this is entered."""
    own = own_of(family.circle)
    if own is None:
        return
    told = {
        fact.precedence: fact
        for fact in family.about.get(own, ())
        if isinstance(fact.payload, PlaceEntered)
    }
    entered = sorted(told.values(), key=lambda fact: (fact.occurred_on, fact.precedence))
    for fact in entered[-PLACES_MAX:]:
        payload = fact.payload
        assert isinstance(payload, PlaceEntered)
        said = _said_of(family, own, None)
        said.value("place_kind", payload.entered, fact)
        said.value("place_emirate", payload.place.emirate if payload.place else None, fact)
        yield Situation(
            start="place",
            subject=own,
            occurrence=f"{fact.source}/{fact.source_id}/",
            roles={"self": own},
            variables=said.variables,
            anchors={"entered_on": fact.occurred_on},
            parameters=(Parameter("place", (payload.entered,)),),
            facts=(fact,),
            known_on=fact.known_on,
            variable_facts=said.facts,
            begins_on=_begins_on(family, own, None),
            ends_on=fact.occurred_on + timedelta(days=PLACE_KEPT_DAYS),
            fields=said.fields,
        )


def regulations_as_situations(family: Family) -> Iterator[Situation]:
    """Every changed rule that now covers the person whose own circle this is: the last said of
    each."""
    own = own_of(family.circle)
    if own is None:
        return
    last: dict[str, Fact] = {}
    for fact in sorted(
        family.about.get(own, ()), key=lambda one: (one.occurred_on, one.precedence)
    ):
        if isinstance(fact.payload, RegulationChanged):
            last[fact.payload.regulation] = fact
    for fact in last.values():
        payload = fact.payload
        assert isinstance(payload, RegulationChanged)
        said = _said_of(family, own, None)
        said.value("regulation", payload.regulation, fact)
        yield Situation(
            start="regulation",
            subject=own,
            occurrence=f"{payload.regulation}/",
            roles={"self": own},
            variables=said.variables,
            anchors={"in_force_on": payload.in_force_on},
            parameters=(Parameter("in_force_on", payload.in_force_on.isoformat()),),
            facts=(fact,),
            known_on=fact.known_on,
            variable_facts=said.facts,
            begins_on=_begins_on(family, own, None),
            fields=said.fields,
        )


def _homes(moves: Iterable[Fact]) -> list[tuple[Fact, str | None]]:
    """The first move to each home in turn, with its emirate: told again, it is the same home."""
    found: list[tuple[Fact, str | None]] = []
    for move in moves:
        said = move.payload
        assert isinstance(said, ResidenceChanged)
        if not found or found[-1][1] != said.emirate:
            found.append((move, said.emirate))
    return found


def _of_appointment(family: Family, one: Appointment, child: Child | None) -> Situation:
    said = _said_of(family, one.person, child)
    end = one.end.payload if one.end is not None else None
    said.value("appointment_open", end is None)
    said.happened("appointment_kept", one.end if isinstance(end, AppointmentKept) else None)
    missed = one.end if isinstance(end, AppointmentMissed) else None
    said.happened("appointment_missed", missed, anchor="missed_on")
    cancelled = isinstance(end, AppointmentCancelled)
    said.value("appointment_cancelled", cancelled, one.end if cancelled else None)
    said.value("appointment_purpose", one.purpose, one.start)
    said.value("patient_alive", family.person(one.person).died_on is None)
    lost = one.purpose == "antenatal" and _is_over(family, one)
    said.value("patient_pregnancy_lost", lost)
    time = one.starts_at.astimezone(DUBAI).strftime("%H:%M")
    return Situation(
        start="appointment",
        subject=one.person,
        occurrence=f"{one.source}/{one.number}/",
        roles=_roles(one.person, child),
        variables=said.variables,
        anchors={"appointment_on": one.on, **said.anchors},
        parameters=(
            *named("person_name", family.person(one.person)),
            Parameter("appointment_on", one.on.isoformat()),
            Parameter("appointment_time", time),
            Parameter("purpose", (one.purpose,)),
        ),
        facts=(one.start,),
        known_on=one.known_on,
        variable_facts=said.facts,
        anchor_facts=said.anchor_facts,
        begins_on=_begins_on(family, one.person, child),
        ends_on=_first(_ends_on(child), one.on + timedelta(days=APPOINTMENT_KEPT_DAYS)),
        care=child.care if child is not None else None,
        fields=said.fields,
    )


def _is_over(family: Family, one: Appointment) -> bool:
    """Whether the pregnancy that an antenatal appointment was for is over, before it."""
    return any(
        pregnancy.mother == one.person
        and pregnancy.ended is not None
        and pregnancy.confirmed_on <= one.on <= pregnancy.due_on + timedelta(days=28)
        for pregnancy in family.own_pregnancies
    )


def _of_document(family: Family, paper: Paper, child: Child | None) -> Situation:
    said = _said_of(family, paper.person, child)
    said.value("document_kind", paper.kind, paper.start)
    said.value("document_in_force", paper.is_in_force)
    said.value("holder_alive", family.person(paper.person).died_on is None)
    expires = paper.start if paper.expires_on is not None else None
    said.value("document_expires", expires is not None, expires)
    if paper.expires_on is not None:
        said.later("expires_on", paper.expires_on, paper.start)
    said.field("document_number", paper.number, paper.start)
    expires_on = paper.expires_on.isoformat() if paper.expires_on is not None else None
    return Situation(
        start="document",
        subject=paper.person,
        occurrence=f"{paper.kind}/{paper.number}/",
        roles=_roles(paper.person, child),
        variables=said.variables,
        anchors={"issued_on": paper.start.occurred_on, **said.anchors},
        parameters=(
            *named("person_name", family.person(paper.person)),
            Parameter("document", (paper.kind,)),
            *((Parameter("document_expires_on", expires_on),) if expires_on else ()),
        ),
        facts=(paper.start,),
        known_on=paper.known_on,
        variable_facts=said.facts,
        anchor_facts=said.anchor_facts,
        begins_on=_begins_on(family, paper.person, child),
        ends_on=_ends_on(child),
        care=child.care if child is not None else None,
        fields=said.fields,
    )


def _held(family: Family) -> Iterator[tuple[PersonId, Child | None]]:
    """Of whom this circle tells: its only member, and the children at home in it."""
    own = own_of(family.circle)
    if own is not None:
        yield own, None
    for child in family.children:
        if not child.care.is_own:
            yield child.id, child


def _said_of(family: Family, person: PersonId, child: Child | None) -> Said:
    said = Said()
    for role, one in _roles(person, child).items():
        for fact in family.about.get(one, ())[:1]:
            said.person(role, family.person(one), fact)
        said.value(f"{role}_alive", family.person(one).died_on is None)
    return said


def _roles(person: PersonId, child: Child | None) -> dict[Role, PersonId]:
    if child is None:
        return {"self": person}
    return parents_of(child.mother, child.father)


def _begins_on(family: Family, person: PersonId, child: Child | None) -> date | None:
    """An adult's own from the 18th birthday on, where the day of birth is known."""
    if child is not None:
        return None
    born_on = family.person(person).born_on
    grown = [one.born_on for one in family.children if one.id == person and one.care.is_own]
    born_on = grown[0] if grown else born_on
    return adult_on(born_on) if born_on is not None else None


def _ends_on(child: Child | None) -> date | None:
    return adult_on(child.born_on) if child is not None else None


def _first(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)


def _term(emirate: str | None) -> str:
    return emirate.lower().replace("-", "_") if emirate is not None else "abroad"
