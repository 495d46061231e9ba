"""Every situation of a family by what a service starts with: the one registry of starts."""

from collections.abc import Iterable

from domain.catalogue import Start
from domain.family import Family
from domain.horizon import Horizon
from domain.situation import Situation
from domain.start.business import licences_as_situations, partners_as_situations
from domain.start.child import children_as_situations, deliveries_as_situations
from domain.start.couple import contracts_as_situations, marriages_as_situations
from domain.start.death import deaths_as_situations
from domain.start.person import (
    appointments_as_situations,
    disabilities_as_situations,
    divorces_as_situations,
    documents_as_situations,
    employments_as_situations,
    places_as_situations,
    regulations_as_situations,
    residences_as_situations,
)
from domain.start.pregnancy import pregnancies_as_situations


def situations_of(family: Family, start: Start, horizon: Horizon) -> Iterable[Situation]:
    """Every situation that services of `start` are about, in a fixed order. What hangs on the day
    asks the horizon, which then knows when it changes."""
    match start:
        case "contract":
            return contracts_as_situations(family)
        case "marriage":
            return marriages_as_situations(family)
        case "pregnancy":
            return pregnancies_as_situations(family)
        case "birth":
            return children_as_situations(family, horizon)
        case "delivery":
            return deliveries_as_situations(family, horizon)
        case "divorce":
            return divorces_as_situations(family)
        case "death":
            return deaths_as_situations(family, horizon)
        case "disability":
            return disabilities_as_situations(family, horizon)
        case "appointment":
            return appointments_as_situations(family)
        case "document":
            return documents_as_situations(family)
        case "employment":
            return employments_as_situations(family)
        case "residence":
            return residences_as_situations(family)
        case "place":
            return places_as_situations(family)
        case "regulation":
            return regulations_as_situations(family)
        case "licence":
            return licences_as_situations(family)
        case "partner":
            return partners_as_situations(family)
