"""`osrati replay` through the real command: what was seen, `exact`, and who asked."""

from datetime import date

from tests.api.test_operate_agency import Shell, shell
from tests.support.builders import born, married
from tests.support.house import TestHouse, person
from timeline.people import identify

__all__ = ["shell"]
HUSBAND, WIFE, CHILD = person(1), person(2), person(3)
TODAY = date(2026, 11, 21)
WHY = ("--purpose", "A parent asks what was shown that day.")


async def test_a_day_is_shown_and_exact_and_the_asking_is_recorded(
    house: TestHouse, shell: Shell
) -> None:
    await house.apply(married(HUSBAND, WIFE, date(2025, 6, 1)))
    await house.apply(born(CHILD, WIFE, TODAY, father=HUSBAND))
    shown = shell.done("replay", "--member", str(WIFE), "--on", "2026-11-21", *WHY)
    assert "vaccination" in shown
    assert shown.rstrip().endswith("\nexact")
    log = shell.done("agency", "log")
    assert "replay" in log
    assert str(WIFE) in log


def test_without_a_purpose_or_of_a_day_to_come_nothing_is_shown(shell: Shell) -> None:
    asked = ("replay", "--member", str(WIFE), "--on")
    refused = shell.osrati(*asked, "2026-11-21")
    assert refused.code == 1
    assert "State why you look" in refused.err
    assert shell.osrati(*asked, "2999-01-01", *WHY).code == 2
    assert shell.osrati("replay", "--member", "x", "--on", "2026-11-21", *WHY).code == 2


async def test_a_number_is_read_from_standard_input(house: TestHouse, shell: Shell) -> None:
    """So that no number lies in a shell's history; it is nowhere in what is recorded either."""
    number = "784-1985-1234567-1"
    who = await identify(house.ground, system="emirates_id", value="/784198512345671")
    await house.apply(married(HUSBAND, who, date(2025, 6, 1)))
    asked = ("replay", "--member", "-", "--on", "2026-11-21", *WHY)
    shown = shell.osrati(*asked, typed=f"{number}\n")
    assert shown.code == 0, shown.err
    assert shown.out.rstrip().endswith("exact")
    log = shell.done("agency", "log")
    assert str(who) in log
    assert "1234567" not in log
    stranger = shell.osrati(*asked, typed="784-1985-7654321-1\n")
    assert stranger.code == 1
    assert shell.osrati(*asked, typed="\n").code == 2
    assert shell.osrati(*asked, typed="7" * 65).code == 2
