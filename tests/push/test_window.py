"""Places of a channel's deliveries: claimed ahead, begun in turn, given back."""

import asyncio

from push.window import Window


async def taken(window: Window, most: int) -> int:
    async with asyncio.timeout(5):
        return await window.take(most)


async def test_no_more_is_claimed_than_may_begin_and_wait() -> None:
    window = Window(4, least=1, ahead=2)
    assert await taken(window, 10) == 6
    waiting = asyncio.create_task(window.take(10))
    await asyncio.sleep(0)
    assert not waiting.done()
    window.leave(2)
    assert await waiting == 2


async def test_what_is_claimed_begins_in_the_order_of_asking() -> None:
    window, begun = Window(4, least=1, ahead=8), list[str]()

    async def begin(name: str, count: int) -> None:
        await window.enter(count)
        begun.append(name)

    assert await taken(window, 12) == 12
    async with asyncio.TaskGroup() as tasks:
        for name, count in (("first", 3), ("large", 4), ("small", 1)):
            tasks.create_task(begin(name, count))
        while begun != ["first"]:  # noqa: ASYNC110  # no event says that nobody else began
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        assert begun == ["first"]  # the small one, which there is room for, does not pass the large
        window.give(3)
        await asyncio.sleep(0.01)
        assert begun == ["first", "large"]
        window.give(4)
    assert begun == ["first", "large", "small"]


async def test_few_places_are_not_worth_a_claim() -> None:
    window = Window(4, least=2)
    assert await taken(window, 3) == 3
    waiting = asyncio.create_task(window.take(3))
    await asyncio.sleep(0)
    assert not waiting.done()
    await window.enter(3)
    window.give(1)
    assert await waiting == 2
