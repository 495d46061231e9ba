"""What an agency may report: which kinds, and under whose numbers and places.

Judged at the intake before anything is stored, and again when a kept event is interpreted: rights
that were narrowed meanwhile hold what waits. It knows no database; `gov/agency.py` keeps rights.
"""

from collections.abc import Iterator
from typing import Any  # JSON whose shape the published schema has proven

import msgspec

from domain.error import Refusal
from gov.event.json_object import read_json_object
from gov.event.schema import pointer_to

ANY = "*"
ITEMS_MAX = 500  # the hospitals and clinics of the largest health authority are some 400
ITEM_CHARACTERS_MAX = 128
TAKING_BACK = "entered_in_error"
"""An agency may always take back what it reported itself."""


class KindNotAllowed(Refusal):
    code = "intake.kind_not_allowed"
    status = 403
    ar = "جهتكم غير مخوَّلة بالإبلاغ عن هذا النوع من الأحداث. اطلب توسيع التخويل ثم أعد الإرسال."
    en = (
        "Your agency may not report this kind of event. "
        "Ask for the right to be widened, then send it again."
    )


class SubjectNotAllowed(Refusal):
    code = "intake.subject_not_allowed"
    status = 403
    ar = (
        "الحقل المذكور في التفصيل يسمّي مصدر أرقام أو منشأة أو إمارة خارج نطاق جهتكم. صحِّحه، أو اطلب "
        "توسيع التخويل ثم أعد الإرسال."
    )
    en = (
        "The field that the detail names is of an assigner, a facility or an emirate outside your "
        "agency's scope. Correct it, or ask for the scope to be widened, then send it again."
    )


class Rights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be reported; `*` stands for any. What is not listed may not.

    `assigners` are those whose numbers of persons may be used (a hospital: its own alone). An
    Emirates ID has no assigner and may always be used.
    """

    kinds: tuple[str, ...] = ()
    assigners: tuple[str, ...] = ()
    facilities: tuple[str, ...] = ()
    emirates: tuple[str, ...] = ()

    def allows_kind(self, kind: str) -> bool:
        return kind == TAKING_BACK or _holds(self.kinds, kind)

    @property
    def only_emirate(self) -> str | None:
        """The emirate that all its agency says is of, where there is but one."""
        return self.emirates[0] if len(self.emirates) == 1 and self.emirates != (ANY,) else None


NOTHING = Rights()
ANYTHING = Rights(kinds=(ANY,), assigners=(ANY,), facilities=(ANY,), emirates=(ANY,))

_decoder = msgspec.json.Decoder(Rights)


def encode_rights(rights: Rights) -> str:
    """As the agency's row keeps them."""
    return msgspec.json.encode(rights).decode()


def decode_rights(text: str) -> Rights:
    """What `encode_rights` wrote."""
    return _decoder.decode(text)


def refuse_beyond(rights: Rights, kind: str, data: object) -> None:
    """Refuses an event that is outside the rights: by its kind, then by whom and what it names.

    `data` is the event's own member of that name, as JSON was read.

    Raises: KindNotAllowed; SubjectNotAllowed with the JSON pointer of the first such member.
    """
    if not rights.allows_kind(kind):
        raise KindNotAllowed("/kind")
    scoped = {
        "assigner": rights.assigners,
        "facility": rights.facilities,
        "emirate": rights.emirates,
    }
    for name, value, path in _members(data, ("data",)):
        if name in scoped and isinstance(value, str) and not _holds(scoped[name], value):
            raise SubjectNotAllowed(pointer_to(path))


def refuse_event_beyond(rights: Rights, body: bytes) -> None:
    """As `refuse_beyond`, of the bytes of an event that was read without fault before."""
    document = read_json_object(body)
    refuse_beyond(rights, document["kind"], document.get("data"))


def _holds(allowed: tuple[str, ...], item: str) -> bool:
    return ANY in allowed or item in allowed


def _members(
    value: Any, path: tuple[str | int, ...]
) -> Iterator[tuple[str, Any, tuple[str | int, ...]]]:
    """Every named member at any depth; the depth is bounded by `gov/event/json_object.py`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner, (*path, name)
            yield from _members(inner, (*path, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _members(inner, (*path, place))
