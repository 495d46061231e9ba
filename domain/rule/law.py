"""Figures of law in an evaluation: which value of each counts, and until when it does.

A condition and a text go by the law of today, so that a change of law reaches the family on its
day; a window goes by the law of its anchor's day, so that a date once given stays.
"""

from datetime import timedelta

import msgspec

from domain.card.record import Parameter
from domain.card.window import rule_on
from domain.catalogue import CardRule, Service
from domain.entry import Figure, FigureValue
from domain.horizon import Horizon
from domain.situation import Situation, Value

_ONE_DAY = timedelta(days=1)


def under_the_law(
    service: Service, situation: Situation, horizon: Horizon
) -> tuple[Service, Situation]:
    """The service with its windows under the law, the situation with the figures it names.

    A card whose window hangs on a figure that was not known on its anchor's day is left out, and
    every card where a text would have to say a figure that is not known today.
    """
    if any(card.window.figures for card in service.cards):
        cards = tuple(
            ruled for card in service.cards if (ruled := _ruled(card, situation)) is not None
        )
        service = msgspec.structs.replace(service, cards=cards)
    if not service.figures:
        return service, situation
    values: dict[str, Value] = {}
    for name, figure in service.figures.items():
        found = value_now(figure, horizon)
        if found is not None:
            values[name] = found.value
    if any(name not in values for name in service.said_figures):
        service = msgspec.structs.replace(service, cards=())
    said = tuple(Parameter(name, values[name]) for name in service.said_figures if name in values)
    return service, msgspec.structs.replace(
        situation,
        variables={**situation.variables, **values},
        parameters=(*situation.parameters, *said),
    )


def value_now(figure: Figure, horizon: Horizon) -> FigureValue | None:
    """What a figure is today; the horizon learns when that ends."""
    now: FigureValue | None = None
    for value in figure.values:
        if value.valid_from is not None and not horizon.reached(value.valid_from):
            break
        now = value
    if now is not None and now.valid_to is not None:
        if now.valid_to < horizon.today:
            return None
        horizon.wake_on(now.valid_to + _ONE_DAY)
    return now


def _ruled(card: CardRule, situation: Situation) -> CardRule | None:
    if not card.window.figures:
        return card
    anchor_on = situation.anchors.get(card.window.anchor)
    if anchor_on is None:  # a date that comes later: no card counts from it yet
        return card
    window = rule_on(card.window, anchor_on)
    return msgspec.structs.replace(card, window=window) if window is not None else None
