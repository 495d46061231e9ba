"""Enrolling: this installation's keys become a device of whoever is signed in.

Sent again it gives the same answer. A new installation id on a phone that kept its database takes
the outbox along: its acts keep their ids and get the new device's numbers.
"""

from uuid import uuid4

from phone import outbox
from phone.exchange import APP, DEVICE
from phone.store import Store
from phone.stream_key import REGISTRY_KEY
from phone.vault import public_point
from phone.wire import EnrolAnswer, EnrolRequest

PERSON = "device/person"
PUBLISHER_KEY = "device/publisher_key"

_WANTED = "device/wanted_id"


class OtherServer(Exception):
    """The server shows other keys than at the first enrolment, or another person is signed in:
    nothing is sent to it.
    """


def plan_enrolment(store: Store, *, new_device: bool = False, app: str = APP) -> EnrolRequest:
    """The request that enrols this installation; `new_device` after the old id was refused."""
    with store.transaction():
        device = None if new_device else store.find_setting(_WANTED)
        if device is None:
            device = uuid4().bytes
            store.set_setting(_WANTED, device)
    signing, agreement = public_point(store.vault.signing), public_point(store.vault.agreement)
    proof = store.vault.sign(b"osrati/1/enrol" + device + signing + agreement)
    return EnrolRequest(device, signing, agreement, proof, app)


def take_enrolment(store: Store, answer: EnrolAnswer) -> None:
    """Keeps who this device is. Raises: OtherServer."""
    with store.transaction():
        for name, value in (
            (REGISTRY_KEY, answer.registry_key),
            (PUBLISHER_KEY, answer.publisher_key),
            (PERSON, answer.person),
        ):
            held = store.find_setting(name)
            if held not in (None, value):
                raise OtherServer(name)
            store.set_setting(name, value)
        if store.find_setting(DEVICE) != answer.device:
            store.set_setting(DEVICE, answer.device)
            outbox.renumber(store, answer.last_sequence + 1)
