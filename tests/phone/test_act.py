"""Acts with no network: shown at once, taken back, laid over new rows."""

from datetime import timedelta

from phone import act, outbox
from phone.outbox import list_acts
from phone.sync import Phone
from phone.timeline import ShownCard, read_timeline
from tests.simulate.model_stream import ModelCard
from tests.support.phone_bench import PhoneBench


def shown(phone: Phone) -> ShownCard:
    (one,) = read_timeline(phone.store, phone.clock.now_utc().date())
    return one


async def held(bench: PhoneBench) -> tuple[Phone, bytes]:
    """A phone with one card, offline from now on."""
    (key,) = bench.cards(1)
    phone = bench.phone()
    await bench.come_back(phone)
    return phone, key


async def test_an_act_shows_at_once_and_until_its_rows_come() -> None:
    bench = PhoneBench()
    phone, key = await held(bench)
    until = bench.server.today() + timedelta(days=3)
    act.snooze(phone.store, key, until, now=bench.clock.now)
    assert (shown(phone).state, shown(phone).pending) == ("snoozed", True)
    await bench.come_back(phone)
    assert (shown(phone).state, shown(phone).pending) == ("snoozed", False)
    assert shown(phone).card.snoozed_until == until


async def test_a_pending_act_is_laid_over_rows_that_come_meanwhile() -> None:
    bench = PhoneBench()
    phone, key = await held(bench)
    act.dismiss(phone.store, key, now=bench.clock.now)
    today = bench.server.today()
    bench.stream.write({key: ModelCard(9, "changed", today)}, today)
    bench.server.busy_at = 0  # the rows come, the act has to wait
    await bench.come_back(phone)
    assert (shown(phone).state, shown(phone).card.entry) == ("dismissed", "changed")
    assert [one.state for one in list_acts(phone.store)] == ["applied"]


async def test_undoing_what_was_never_sent_leaves_nothing_to_send() -> None:
    bench = PhoneBench()
    phone, key = await held(bench)
    act.dismiss(phone.store, key, now=bench.clock.now)
    assert act.undo(phone.store, key, shown(phone).number, now=bench.clock.now) is None
    assert list_acts(phone.store) == []
    assert shown(phone).state == "upcoming"


async def test_undoing_what_is_on_its_way_names_that_act() -> None:
    bench = PhoneBench()
    phone, key = await held(bench)
    dismissed = act.dismiss(phone.store, key, now=bench.clock.now)
    with phone.store.transaction():
        outbox.claim_batch(phone.store)  # it left, and nobody knows whether it arrived
    act.undo(phone.store, key, shown(phone).number, now=bench.clock.now)
    assert list_acts(phone.store)[1].payload["undoes"] == dismissed.bytes
    assert shown(phone).state == "upcoming"
    await bench.come_back(phone)
    assert [one.state for one in list_acts(phone.store)] == ["applied", "applied"]
    assert shown(phone).state == "upcoming"


async def test_undoing_what_has_changed_since_is_refused_and_says_so() -> None:
    bench = PhoneBench()
    phone, key = await held(bench)
    act.dismiss(phone.store, key, now=bench.clock.now)
    await bench.come_back(phone)
    act.undo(phone.store, key, shown(phone).number, now=bench.clock.now)
    card = bench.stream.cards[key]
    bench.stream.write({key: card}, bench.server.today())
    await bench.come_back(phone)
    last = list_acts(phone.store)[1]
    assert (last.state, last.reason) == ("refused", "card.superseded")
    assert shown(phone).state == "dismissed"


async def test_an_act_is_withdrawn_before_and_put_away_after() -> None:
    bench = PhoneBench()
    phone, key = await held(bench)
    first = act.acknowledge(phone.store, key, now=bench.clock.now)
    assert not outbox.put_away(phone.store, first)
    assert outbox.withdraw(phone.store, first)
    second = act.acknowledge(phone.store, key, now=bench.clock.now)
    await bench.come_back(phone)
    assert not outbox.withdraw(phone.store, second)
    assert not outbox.put_away(phone.store, second)  # the server has not heard that it is kept
    await bench.come_back(phone)
    assert outbox.put_away(phone.store, second)
    assert list_acts(phone.store) == []
