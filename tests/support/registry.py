"""The registries' gateway on loopback, for a test's house: a real server that speaks HTTP."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec

from gov.registry.call import carry_out_calls
from gov.registry.gateway import RegistryClient
from simulators.registered_family import Held
from simulators.registry import Registry
from tests.support.intake import Intake
from tests.support.served import loopback_socket

ASKER = "osrati-1"
STEP_SECONDS = 0.02


@dataclass
class Gateway:
    """The simulator, and our client of it."""

    registry: Registry
    client: RegistryClient
    intake: Intake

    async def ask(self) -> int:
        """Makes the calls that are due; how many were made."""
        house = self.intake.house
        return await carry_out_calls(house.ground, house.schemas, self.client)

    async def settle(self) -> None:
        """Lets everything that the registry reports be interpreted, until nothing more comes."""
        idle = 0
        while idle < 20:
            idle = 0 if self.intake.hints.said else idle + 1
            await self.intake.work()
            await asyncio.sleep(STEP_SECONDS)


@asynccontextmanager
async def open_gateway(
    intake: Intake, held: Mapping[str, Sequence[Held]]
) -> AsyncIterator[Gateway]:
    """A gateway that holds these records and reports them to the test's intake."""
    key = ec.generate_private_key(ec.SECP256R1())
    clock = intake.house.ground.clock
    registry = Registry(held, intake.clients, {ASKER: key.public_key()}, now=clock.now_utc)
    with loopback_socket() as listening:
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(registry.app(), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        client = RegistryClient(base_url, key_id=ASKER, private_key=key)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve([listening]))
            try:
                yield Gateway(registry, client, intake)
            finally:
                await client.aclose()
                server.should_exit = True
