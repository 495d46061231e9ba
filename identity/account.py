"""Accounts: which person an identity is, and what the provider said of them at the last sign-in.

Keyed on the provider's own id of the account, linked by Emirates ID the first time. What changed
since the last sign-in becomes facts; nobody edits it here. The one writer of `account`.
"""

from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from domain.error import Refusal
from domain.fact import IDENTITY_SOURCE, Fact
from domain.facts.person import ContactReported, PersonDescribed
from domain.ids import PersonId
from identity.profile import Profile
from identity.session import end_every_session
from store.person_tables import AccountRow
from store.scope import PersonScope
from store.seal import Place, open_, seal
from timeline.apply import apply_facts
from timeline.first_seen import EMIRATES_ID, see_person
from timeline.ground import Ground
from timeline.known import find_survivor
from timeline.people import claim_identifier, find_person, identify

ACCOUNT_SYSTEM = "uae_pass"


class NotVerified(Refusal):
    """SOP1, or no Emirates ID: nobody knows whose records these would be."""

    code = "sign_in.not_verified"
    status = 403
    ar = "حسابك في الهوية الرقمية غير موثّق. وثّقه من تطبيق الهوية الرقمية ثم سجِّل الدخول."
    en = "Your UAE PASS account is not verified. Verify it in the UAE PASS app, then sign in."


class IdentityConflict(Refusal):
    """The account is one person's, and the Emirates ID it now has is another's."""

    code = "sign_in.identity_conflict"
    status = 409
    ar = "رقم الهوية في حسابك لا يطابق ما لدينا. راجع مركز خدمة الهوية ليصحّح السجل."
    en = (
        "The Emirates ID of your account does not match our records. "
        "Ask an identity service centre to correct the record."
    )


_profiles = msgspec.json.Decoder(Profile)


async def sign_in_person(ground: Ground, profile: Profile, *, sign_in_id: UUID) -> PersonId:
    """The person whose account this is, with what the provider says of them brought up to date.

    Of joined people the one who has the Emirates ID: each request finds whom they are read as
    (`timeline/known.py`), so a join that is taken back takes the other's timeline with it.

    Idempotent for one `sign_in_id`. Raises: NotVerified, and what the account had opened while it
    was verified is closed; IdentityConflict. Nothing else is written then.
    """
    if profile.assurance == "SOP1" or profile.emirates_id is None:
        await _end_sessions_of(ground, profile.uuid)
        raise NotVerified
    known = await find_person(ground, system=ACCOUNT_SYSTEM, value=profile.uuid)
    by_number = await find_person(ground, system=EMIRATES_ID, value=f"/{profile.emirates_id}")
    if known is not None and by_number is not None and known != by_number:
        survivors = {await find_survivor(ground, person) for person in (known, by_number)}
        if len(survivors) > 1:
            raise IdentityConflict
        known = by_number
    if known is None:
        await see_person(ground, emirates_id=profile.emirates_id)
        person = await identify(ground, system=EMIRATES_ID, value=f"/{profile.emirates_id}")
        known = await claim_identifier(ground, person, system=ACCOUNT_SYSTEM, value=profile.uuid)
    elif by_number is None:
        await claim_identifier(ground, known, system=EMIRATES_ID, value=f"/{profile.emirates_id}")
    await _tell_changes(ground, known, profile, sign_in_id)
    return known


async def _end_sessions_of(ground: Ground, account: str) -> None:
    known = await find_person(ground, system=ACCOUNT_SYSTEM, value=account)
    if known is not None:
        await end_every_session(ground, known)


async def find_profile(ground: Ground, person_id: PersonId) -> Profile | None:
    """What the provider said of a person at their last sign-in; None before the first."""
    key = (await ground.keys.person(person_id)).for_("account")
    async with ground.database.read(PersonScope(person_id)) as reading:
        found = await reading.execute(
            select(col(AccountRow.sealed)).where(col(AccountRow.person_id) == person_id)
        )
        sealed = found.scalar_one_or_none()
    return None if sealed is None else _profiles.decode(open_(key, Place(person_id), sealed))


async def _tell_changes(
    ground: Ground, person_id: PersonId, profile: Profile, sign_in_id: UUID
) -> None:
    """Facts first, then the account: after a crash the next sign-in tells them once more."""
    if await find_profile(ground, person_id) == profile:
        return
    described = PersonDescribed(
        person=person_id,
        name_ar=profile.name_ar,
        name_en=profile.name_en,
        sex=profile.sex,
        nationality=profile.nationality,
    )
    said: list[tuple[str, PersonDescribed | ContactReported]] = [("", described)]
    if profile.mobile is not None or profile.email is not None:
        contact = ContactReported(person_id, mobile=profile.mobile, email=profile.email)
        said.append(("contact", contact))
    today, now = ground.clock.today(), ground.clock.now_utc()
    await apply_facts(
        ground,
        tuple(
            Fact(IDENTITY_SOURCE, str(sign_in_id), part, today, now, payload, received_on=today)
            for part, payload in said
        ),
    )
    key = (await ground.keys.person(person_id)).for_("account")
    sealed = seal(key, Place(person_id), msgspec.json.encode(profile))
    async with ground.database.unit(PersonScope(person_id)) as unit:
        await unit.execute(
            insert(AccountRow)
            .values(person_id=person_id, sealed=sealed)
            .on_conflict_do_update(index_elements=["person_id"], set_={"sealed": sealed})
        )
