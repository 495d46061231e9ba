"""Phones of the demonstration's parents: enrolled and registered for pushes before their families'
life is told, so that there is somewhere for a push to go.

Development only. Their keys lie in a file of the data directory, for its owner alone: the same
phones are there after a restart, and the page of what they received opens their pushes with them.
"""

import secrets
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID, uuid4

import msgspec

from api.demo import PRIVATE_MODE
from domain.people.actor import Actor
from push.registration import PUSH_KEY_BYTES, Registration, register_phone
from simulators.telling import Story, StoryParent
from store.signing import signing_key
from sync.device import enrol_device, proof_text
from sync.wire import EnrolRequest
from timeline.ground import Ground
from timeline.people import identify

PHONES_FILE = "demonstration-phones"
APP = "demonstration 1"
KEY_MATERIAL_BYTES = 48


class DemoPhone(msgspec.Struct, frozen=True):
    """A parent's phone: its token at FCM, the key that its pushes are sealed under, and what its
    other two keys are made of.
    """

    device_id: UUID
    token: str
    push_key: bytes
    signing: bytes
    agreement: bytes


DemoPhones = dict[str, DemoPhone]
"""By the Emirates ID of whose phone it is."""


def read_phones(data_dir: Path) -> DemoPhones:
    """The phones there are; none before the first run."""
    path = data_dir / PHONES_FILE
    return msgspec.msgpack.decode(path.read_bytes(), type=DemoPhones) if path.exists() else {}


async def register_phones(ground: Ground, data_dir: Path, told: Iterable[Story]) -> None:
    """Makes a phone known for each parent who has one. Idempotent."""
    parents = [parent for story in told for parent in story.parents if parent.has_phone]
    phones = read_phones(data_dir)
    fresh = {each.emirates_id: _new_phone() for each in parents if each.emirates_id not in phones}
    if fresh:
        phones |= fresh
        _keep(data_dir, phones)
    for parent in parents:
        await _register(ground, parent, phones[parent.emirates_id])


async def _register(ground: Ground, parent: StoryParent, phone: DemoPhone) -> None:
    digits = parent.emirates_id.replace("-", "")
    person_id = await identify(ground, system="emirates_id", value=f"/{digits}")
    actor = Actor(person_id, parent.language, "demonstration")
    signing, agreement = signing_key(phone.signing), signing_key(phone.agreement)
    asked = EnrolRequest(phone.device_id, signing.point, agreement.point, b"", APP)
    proof = signing.sign(proof_text(asked))
    await enrol_device(ground, actor, msgspec.structs.replace(asked, proof=proof))
    registration = Registration(phone.token, "android", phone.push_key, parent.language)
    await register_phone(ground, actor, phone.device_id, registration)


def _new_phone() -> DemoPhone:
    return DemoPhone(
        uuid4(),
        f"demonstration-{secrets.token_hex(12)}",
        secrets.token_bytes(PUSH_KEY_BYTES),
        secrets.token_bytes(KEY_MATERIAL_BYTES),
        secrets.token_bytes(KEY_MATERIAL_BYTES),
    )


def _keep(data_dir: Path, phones: DemoPhones) -> None:
    draft = data_dir / f"{PHONES_FILE}.draft"
    draft.unlink(missing_ok=True)
    draft.touch(mode=PRIVATE_MODE)
    draft.write_bytes(msgspec.msgpack.encode(phones))
    draft.replace(data_dir / PHONES_FILE)
