"""`osrati agency`: who may report what, by which keys. Each change is recorded with its operator.

A change counts from the next request on, in every process, with no restart.
"""

import argparse
import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from api.operate.command import DONE, Wrong, operate, operator, read_instant, table
from api.wire import House
from domain.calendar_date import DUBAI
from domain.error import NotFound
from domain.fact import OWN_SOURCES
from domain.ids import AgencyId
from gov.agency import (
    Agency,
    AgencyKey,
    KnownKey,
    end_keys,
    find_agency,
    list_agencies,
    put_agency,
    put_key,
    revoke_keys,
)
from gov.agency_right import ANY, ITEM_CHARACTERS_MAX, ITEMS_MAX, Rights
from gov.operation import Operation, list_operations, record_operation
from gov.public_key import KEY_FILE_BYTES_MAX, KeyRefused, read_public_key
from gov.signature.claim import KEY_ID_LENGTH_MAX
from store.scope import ReferenceScope
from store.session import Reading, Unit

OVERLAP_DAYS = 14  # two weeks for every system of an agency to take up the new key
OVERLAP_DAYS_MAX = 90
FINGERPRINT_DIGITS = 12
NAME_CHARACTERS_MAX = 200

_AGENCY_ID = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")
_ITEM = re.compile(r"\S+")
_RIGHTS = ("kind", "assigner", "facility", "emirate")

Given = argparse.Namespace
_CHANGED = "Counts from the next request on."


def agency(arguments: Sequence[str]) -> int:
    """`osrati agency add|change|rotate|revoke|list|show|log`."""
    given = _parser().parse_args(arguments)
    return operate(lambda house: _ACTIONS[given.action](house, given))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="osrati agency", description=agency.__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="make an agency known, with its first key")
    _add_names(add, required=True)
    _add_key(add, required=False)
    add.add_argument("--until", metavar="INSTANT", help="the key may sign before then")
    change = actions.add_parser("change", help="change names or rights: what is given replaces")
    _add_names(change, required=False)
    rotate = actions.add_parser("rotate", help="a new key; the old ones end after the overlap")
    rotate.add_argument("agency")
    _add_key(rotate, required=True)
    rotate.add_argument("--until", metavar="INSTANT", help="the new key may sign before then")
    rotate.add_argument("--overlap-days", type=int, default=OVERLAP_DAYS, metavar="N")
    revoke = actions.add_parser("revoke", help="end keys at once and for good")
    revoke.add_argument("agency")
    which = revoke.add_mutually_exclusive_group(required=True)
    which.add_argument("--key-id", action="append", metavar="ID")
    which.add_argument("--all", action="store_true", help="every key it has")
    actions.add_parser("list", help="every agency")
    actions.add_parser("show", help="one agency, its rights and its keys").add_argument("agency")
    actions.add_parser("log", help="what operators did, the latest first")
    return parser


def _add_names(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument("agency", help="its id: a-z, 0-9, dots, dashes")
    parser.add_argument("--name-ar", required=required)
    parser.add_argument("--name-en", required=required)
    for name in _RIGHTS:
        parser.add_argument(f"--{name}", action="append", metavar="ID", help=f"or {ANY} for any")


def _add_key(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument("--key", type=Path, required=required, metavar="FILE", help="JWK or PEM")
    parser.add_argument("--key-id", metavar="ID", help="without it: AGENCY-FINGERPRINT")
    parser.add_argument(
        "--from", dest="from_", metavar="INSTANT", help="the key may sign from then on"
    )


async def _add(house: House, given: Given) -> int:
    agency_id = _agency_id(given.agency)
    async with house.ground.database.unit(ReferenceScope("operate")) as unit:
        if await find_agency(unit, agency_id) is not None:
            raise Wrong(f"{agency_id} is known already: use `osrati agency change` or `rotate`.")
        added = Agency(agency_id, _name(given.name_ar), _name(given.name_en), _rights(given))
        await put_agency(unit, added)
        key = None
        if given.key is not None:
            key = _key(given, agency_id)
            await put_key(unit, key, added_at=house.ground.clock.now_utc())
        await _record(unit, house, "agency.add", agency_id, key.key_id if key else "")
    print(f"{agency_id} added" + (f", with the key {key.key_id}" if key else ", with no key yet"))
    if not added.rights.kinds:
        print("It may report nothing yet: give it kinds with `osrati agency change --kind …`.")
    return DONE


async def _change(house: House, given: Given) -> int:
    async with house.ground.database.unit(ReferenceScope("operate")) as unit:
        was, _ = await _get(unit, given.agency)
        said = _rights(given)
        replaced = {
            field: getattr(said, field)
            for name, field in zip(_RIGHTS, Rights.__struct_fields__, strict=True)
            if getattr(given, name) is not None
        }
        now = Agency(
            was.agency_id,
            _name(given.name_ar) if given.name_ar is not None else was.name_ar,
            _name(given.name_en) if given.name_en is not None else was.name_en,
            msgspec.structs.replace(was.rights, **replaced),
        )
        if now == was:
            raise Wrong("Nothing would change: give a name or a right that differs.")
        await put_agency(unit, now)
        await _record(unit, house, "agency.change", was.agency_id, ", ".join(sorted(replaced)))
    print(f"{was.agency_id} changed. {_CHANGED}")
    return DONE


async def _rotate(house: House, given: Given) -> int:
    if not 0 <= given.overlap_days <= OVERLAP_DAYS_MAX:
        raise Wrong(f"--overlap-days is from 0 to {OVERLAP_DAYS_MAX}.")
    now = house.ground.clock.now_utc()
    async with house.ground.database.unit(ReferenceScope("operate")) as unit:
        known, _ = await _get(unit, given.agency)
        key = _key(given, known.agency_id)
        if not await put_key(unit, key, added_at=now):
            raise Wrong(f"The key {key.key_id} is registered already: rotate to a new one.")
        ends_at = max(key.valid_from or now, now) + timedelta(days=given.overlap_days)
        ended = await end_keys(unit, known.agency_id, but=key.key_id, at=ends_at)
        await _record(unit, house, "agency.rotate", known.agency_id, key.key_id)
    print(f"{key.key_id} may sign {_when(key.valid_from, key.valid_until)}")
    for key_id in ended:
        print(f"{key_id} may sign until {_local(ends_at)}")
    return DONE


async def _revoke(house: House, given: Given) -> int:
    now = house.ground.clock.now_utc()
    async with house.ground.database.unit(ReferenceScope("operate")) as unit:
        known, keys = await _get(unit, given.agency)
        asked = [key.key_id for key in keys] if given.all else list(given.key_id)
        for strange in set(asked) - {key.key_id for key in keys}:
            raise Wrong(f"{known.agency_id} has no key {strange}: see `osrati agency show`.")
        revoked = await revoke_keys(unit, asked, revoked_at=now)
        await _record(unit, house, "agency.revoke", known.agency_id, ", ".join(revoked))
    for key_id in asked:
        print(f"{key_id} " + ("revoked" if key_id in revoked else "had been revoked before"))
    print(_CHANGED)
    return DONE


async def _list(house: House, _: Given) -> int:
    async with house.ground.database.read(ReferenceScope("operate")) as session:
        found = await list_agencies(session)
    rows = [("id", "kinds", "name")]
    for one in found:
        kinds = one.rights.kinds
        count = "any" if ANY in kinds else str(len(kinds))
        rows.append((one.agency_id, count, f"{one.name_en} · {one.name_ar}"))
    print(table(rows) if found else "No agency is known yet: `osrati agency add`.")
    return DONE


async def _show(house: House, given: Given) -> int:
    async with house.ground.database.read(ReferenceScope("operate")) as session:
        known, keys = await _get(session, given.agency)
    print(f"{known.agency_id}\n  {known.name_ar}\n  {known.name_en}")
    for name in Rights.__struct_fields__:
        print(f"  {name}: {', '.join(getattr(known.rights, name)) or 'none'}")
    now = house.ground.clock.now_utc()
    for key in keys:
        period = _when(key.valid_from, key.valid_until)
        print(f"  key {key.key_id}: {_state(key, now)}, valid {period}, {_fingerprint(key)}")
    return DONE


async def _log(house: House, _: Given) -> int:
    async with house.ground.database.read(ReferenceScope("operate")) as session:
        found = await list_operations(session, house.ground)
    rows = [("when", "operator", "action", "subject", "detail", "purpose")]
    for one in found:
        said = one.operation
        rows.append(
            (
                _local(one.done_at),
                said.operator,
                said.action,
                said.subject,
                said.detail,
                said.purpose,
            )
        )
    print(table(rows))
    return DONE


_ACTIONS: dict[str, Callable[[House, Given], Awaitable[int]]] = {
    "add": _add,
    "change": _change,
    "rotate": _rotate,
    "revoke": _revoke,
    "list": _list,
    "show": _show,
    "log": _log,
}


async def _get(
    session: Reading[ReferenceScope], agency_id: str
) -> tuple[Agency, tuple[KnownKey, ...]]:
    """Raises: NotFound."""
    found = await find_agency(session, AgencyId(agency_id))
    if found is None:
        raise NotFound(agency_id)
    return found


async def _record(
    unit: Unit[ReferenceScope], house: House, action: str, agency_id: str, detail: str
) -> None:
    await record_operation(unit, house.ground, Operation(operator(), action, agency_id, detail))


def _agency_id(text: str) -> AgencyId:
    if not _AGENCY_ID.fullmatch(text):
        raise Wrong(f"{text!r} is no agency id: up to 64 of a-z, 0-9, dots, dashes.")
    if text in OWN_SOURCES:
        raise Wrong(f"{text!r} is a source of our own: give the agency another id.")
    return AgencyId(text)


def _name(text: str) -> str:
    if not 0 < len(text.strip()) <= NAME_CHARACTERS_MAX:
        raise Wrong(f"A name has 1 to {NAME_CHARACTERS_MAX} characters, in each language.")
    return text.strip()


def _rights(given: Given) -> Rights:
    lists: list[tuple[str, ...]] = []
    for name in _RIGHTS:
        items = tuple(dict.fromkeys(item for item in getattr(given, name) or () if item))
        if len(items) > ITEMS_MAX:
            raise Wrong(f"--{name} is given {len(items)} times: at most {ITEMS_MAX}, or {ANY}.")
        for item in items:
            if len(item) > ITEM_CHARACTERS_MAX or not _ITEM.fullmatch(item):
                raise Wrong(f"--{name} {item!r}: up to {ITEM_CHARACTERS_MAX} characters, no space.")
        lists.append(items)
    return Rights(*lists)


def _key(given: Given, agency_id: AgencyId) -> AgencyKey:
    try:
        with given.key.open("rb") as file:
            der = read_public_key(file.read(KEY_FILE_BYTES_MAX + 1))
    except OSError as error:
        raise Wrong(f"{given.key} cannot be read: {error.strerror}.") from None
    except KeyRefused as refused:
        raise Wrong(f"{given.key}: {refused}.") from None
    fingerprint = hashlib.sha256(der).hexdigest()[:FINGERPRINT_DIGITS]
    key_id = given.key_id or f"{agency_id}-{fingerprint}"
    if len(key_id) > KEY_ID_LENGTH_MAX or not _KEY_ID.fullmatch(key_id):
        raise Wrong(f"{key_id!r} is no key id: letters, digits, . _ : / and -, not too long.")
    valid_from = read_instant(given.from_) if given.from_ else None
    valid_until = read_instant(given.until) if given.until else None
    if valid_from and valid_until and valid_from >= valid_until:
        raise Wrong("--until lies before --from: the key could never sign.")
    return AgencyKey(key_id, agency_id, der, valid_from, valid_until)


def _fingerprint(key: AgencyKey) -> str:
    return f"SHA-256 {hashlib.sha256(key.public_key).hexdigest()}"


def _state(key: KnownKey, now_utc: datetime) -> str:
    revoked = f" at {_local(key.revoked_at)}" if key.revoked_at else ""
    return key.state(now_utc) + revoked


def _when(start: datetime | None, end: datetime | None) -> str:
    return f"{_local(start) if start else 'at once'} until {_local(end) if end else 'revoked'}"


def _local(instant: datetime) -> str:
    return instant.astimezone(DUBAI).isoformat(timespec="seconds")
