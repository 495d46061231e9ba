"""Deaths in a family as situations of those who are left: the parents of a child, the widowed."""

from collections.abc import Iterator
from datetime import date, timedelta

from domain.calendar_date import adult_on
from domain.card.record import Parameter
from domain.catalogue import Role
from domain.fact import Fact
from domain.facts.person import PersonDied
from domain.family import Child, Family
from domain.history.papers import first_issue, papers_of
from domain.horizon import Horizon
from domain.ids import PersonId
from domain.people.rights import Reached
from domain.situation import Situation
from domain.start.said import Said, last_of, named, parents_of

BEREAVED_DAYS = 365  # so long what concerns a death stays with those who are left


def deaths_as_situations(family: Family, horizon: Horizon) -> Iterator[Situation]:
    """The death of a child at home here, of a husband or a wife."""
    for child in family.children:
        death = _death_of(family, child.id)
        if death is not None and not child.care.is_own and _was_minor(child, death):
            roles = parents_of(child.mother, child.father)
            yield _of_death(family, death, child.id, "child", roles, horizon)
    for marriage in family.marriages:
        for one, other, role in (
            (marriage.husband, marriage.wife, "husband"),
            (marriage.wife, marriage.husband, "wife"),
        ):
            death = _death_of(family, one)
            ended_on = marriage.end.occurred_on if marriage.end is not None else date.max
            if death is not None and death.occurred_on <= ended_on:
                yield _of_death(family, death, one, role, {"widowed": other}, horizon)


def bereaved_of(family: Family, reached: Reached) -> set[PersonId]:
    """The parents of a child who died: they go on having a stream here for as long as it tells."""
    found: set[PersonId] = set()
    for child in family.children:
        death = _death_of(family, child.id)
        if death is None or child.care.is_own or not _was_minor(child, death):
            continue
        if not reached(death.occurred_on + timedelta(days=BEREAVED_DAYS)):
            found |= {one for one in (child.mother, child.father) if one is not None}
    return found


def _of_death(
    family: Family,
    death: Fact,
    who: PersonId,
    deceased: str,
    roles: dict[Role, PersonId],
    horizon: Horizon,
) -> Situation:
    said = Said()
    for role, person in roles.items():
        said.person(role, family.person(person), death)
    said.value("deceased", deceased)
    issued = first_issue(papers_of(family.about.get(who, ())), "death_certificate")
    said.happened("death_certificate_issued", issued, anchor="death_certificate_issued_on")
    said.value("leaves_children", any(_is_minor(family, one, horizon) for one in family.children))
    return Situation(
        start="death",
        subject=who,
        roles=roles,
        variables=said.variables,
        anchors={"died_on": death.occurred_on, **said.anchors},
        parameters=(
            *named("deceased_name", family.person(who)),
            Parameter("deceased", (deceased,)),
        ),
        facts=(death,),
        known_on=death.known_on,
        variable_facts=said.facts,
        anchor_facts=said.anchor_facts,
        ends_on=death.occurred_on + timedelta(days=BEREAVED_DAYS),
        fields=said.fields,
    )


def _death_of(family: Family, person: PersonId) -> Fact | None:
    return last_of(family.about.get(person, ()), PersonDied)


def _was_minor(child: Child, death: Fact) -> bool:
    return death.occurred_on < adult_on(child.born_on)


def _is_minor(family: Family, child: Child, horizon: Horizon) -> bool:
    return family.person(child.id).died_on is None and not horizon.reached(adult_on(child.born_on))
