"""`osrati catalogue` through the real command: check, load, diff, export, read, withdraw."""

import json
import re
import shutil
from pathlib import Path

import pytest

from content.pack import SHIPPED_PACK, read_pack
from tests.api.test_operate_agency import Shell

BARE = Shell({})
REASON = ("--reason", "the ministry signed the fees")


@pytest.fixture
def shell(databases: tuple[str, str], house: object, tmp_path: Path) -> Shell:
    return Shell(
        {
            "DATABASE_URL": databases[0],
            "KEYSTORE_URL": databases[1],
            "OSRATI_DATA_DIR": str(tmp_path),
        }
    )


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    copied = tmp_path / "pack"
    shutil.copytree(SHIPPED_PACK, copied)
    return copied


def edit(file: Path, old: str, new: str) -> int:
    """Puts `new` in place of the first `old`; the line on which it stands."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_check_says_file_line_word_and_how_to_mend_it(pack: Path) -> None:
    assert "nothing to mend" in BARE.done("catalogue", "check", str(pack))
    line = edit(pack / "family_book.yaml", "nature: procedure", "nature: procedur")
    agency = edit(pack / "agencies/icp.yaml", "valid_from: 2021-06-01", "valid_from: 2021-07-01")
    said = BARE.osrati("catalogue", "check", str(pack))
    assert said.code == 1
    assert f"family_book.yaml:{line}: nature: 'procedur' is unknown" in said.out
    assert "did you mean 'procedure'?" in said.out
    # The gap is the name's, which begins a line above its first day.
    assert "agencies/icp.yaml:" in said.out
    assert "from 2021-06-01 to 2021-06-30 there is no name" in said.out
    assert "2 to mend" in said.out
    found = json.loads(BARE.osrati("catalogue", "check", str(pack), "--json").out)
    places = {(one["file"], one["line"]) for one in found}
    assert places == {("family_book.yaml", line), ("agencies/icp.yaml", agency - 1)}


def test_a_pack_made_for_a_newer_format_is_refused_with_its_line(pack: Path) -> None:
    line = edit(pack / "bundles/osrati.yaml", "format: 1", "format: 2")
    said = BARE.osrati("catalogue", "check", str(pack))
    assert said.code == 1
    assert f"bundles/osrati.yaml:{line}: format: is of format 2" in said.out
    assert "reads up to 1: upgrade it" in said.out


def test_a_changed_rule_needs_a_version_and_changed_words_a_revision(
    shell: Shell, pack: Path
) -> None:
    assert "was in force already" in shell.done("catalogue", "load", str(pack), *REASON)
    book = pack / "family_book.yaml"
    edit(book, "due_until: {days: 90}", "due_until: {days: 80}")
    refused = shell.osrati("catalogue", "load", str(pack), *REASON)
    assert refused.code == 1
    assert "family_book.yaml:6: version: its rules are not those published" in refused.err
    differs = shell.osrati("catalogue", "diff", str(pack))
    assert differs.code == 1
    assert "family_book" in differs.out
    assert "cards[0].window.due_until.days" in differs.out
    assert "1 rules" in differs.out
    number = next(text for text in book.read_text("utf-8").splitlines() if "version:" in text)
    edit(book, number, f"version: {int(number.split(':')[1]) + 1}")
    assert "Version 2 is in force." in shell.done("catalogue", "load", str(pack), *REASON)
    edit(book, "The family book for your new family", "The family book of your new family")
    refused = shell.osrati("catalogue", "load", str(pack), *REASON)
    assert "revision: its words are not those published" in refused.err
    number = next(text for text in book.read_text("utf-8").splitlines() if "revision:" in text)
    edit(book, number, f"revision: {int(number.split(':')[1]) + 1}")
    assert "Version 3 is in force." in shell.done("catalogue", "load", str(pack), *REASON)
    assert "Nothing differs" in shell.done("catalogue", "diff", str(pack))
    between = shell.osrati("catalogue", "diff", "--from", "2", "--to", "3")
    assert "1 words" in between.out
    log = shell.done("agency", "log")
    assert log.count("catalogue.load") == 2
    assert "the ministry signed the fees" in log


def test_an_export_is_the_same_pack_again(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "exported"
    shell.done("catalogue", "export", str(out))
    shipped = {str(document["id"]): document for _, document in read_pack(SHIPPED_PACK)}
    assert {str(document["id"]): document for _, document in read_pack(out)} == shipped
    assert "Nothing differs" in shell.done("catalogue", "diff", str(out))
    assert "was in force already" in shell.done("catalogue", "load", str(out), *REASON)
    refused = shell.osrati("catalogue", "export", str(out))
    assert refused.code == 2
    assert "name an empty directory" in refused.err


def test_a_rule_is_read_in_both_languages(shell: Shell) -> None:
    said = shell.done("catalogue", "read", "family_book")
    of_pack = BARE.done("catalogue", "read", "family_book", "--pack", str(SHIPPED_PACK))
    assert set(of_pack.splitlines()) < set(said.splitlines())
    assert "جنسية الزوج: الإمارات" in said
    assert "the husband's nationality is the United Arab Emirates" in said
    unknown = shell.osrati("catalogue", "read", "family_bok")
    assert unknown.code == 2
    assert "there is no service 'family_bok'" in unknown.err


def test_a_service_read_says_whose_it_is_who_has_yet_to_sign_it_and_who_published_it(
    shell: Shell, pack: Path
) -> None:
    of_software = shell.done("catalogue", "read", "partner_added")
    assert "دوائر التنمية الاقتصادية · Departments of Economic Development" in of_software
    assert "A draft until signed: The economic departments and the notary" in of_software
    assert (
        "مسودة إلى حين التوقيع: تعتمد دوائر التنمية الاقتصادية والكاتب العدل النصوص." in of_software
    )
    of_figure = shell.done("catalogue", "read", "marriage_grant")
    assert "يعتمده: وزارة تمكين المجتمع" in of_figure
    assert "to be signed: The Ministry of Community Empowerment" in of_figure
    assert re.search(r"^published as version 1 on 2\d{3}-\d\d-\d\d$", of_software, re.MULTILINE)
    file = pack / "partner_added.yaml"
    text = file.read_text("utf-8")
    text = re.sub(r"^version: (\d+)$", lambda one: f"version: {int(one[1]) + 1}", text, flags=re.M)
    text = re.sub(r"^sign_off:.*?\n(?=sources:)", "", text, flags=re.DOTALL | re.MULTILINE)
    file.write_text(text.replace("draft: true", "draft: false"), "utf-8")
    shell.done("catalogue", "load", str(pack), *REASON)
    signed = shell.done("catalogue", "read", "partner_added")
    assert "(draft)" not in signed.splitlines()[0]
    assert "وقّعتها الجهة المختصة." in signed
    assert "Signed by its agency." in signed
    assert re.search(rf"^published as version 2 on .*, by .+: {REASON[1]}$", signed, re.MULTILINE)


def test_a_service_is_withdrawn_alone_whatever_it_is_allowed_and_whatever_leads_to_it(
    shell: Shell,
) -> None:
    said = shell.done("catalogue", "withdraw", "school_registration", *REASON)
    assert said == "school_registration is withdrawn; version 2 is in force.\n"
    assert shell.osrati("catalogue", "read", "school_registration").code == 2
    policy = shell.osrati("catalogue", "withdraw", "icp_nursery", *REASON)
    assert policy.code == 1
    assert "nursery: prefill[0].policy: 'icp_nursery' is withdrawn" in policy.err
    assert "name another exchange policy, or take the withdrawal back" in policy.err


def test_what_is_referred_to_cannot_be_withdrawn_and_what_is_not_can(shell: Shell) -> None:
    refused = shell.osrati("catalogue", "withdraw", "icp", *REASON)
    assert refused.code == 1
    assert "'icp' is withdrawn: name another agency" in refused.err
    said = shell.done("catalogue", "withdraw", "ramadan_1448", *REASON)
    assert said == "ramadan_1448 is withdrawn; version 2 is in force.\n"
    again = shell.osrati("catalogue", "withdraw", "ramadan_1448", *REASON)
    assert again.code == 2
    differs = shell.osrati("catalogue", "diff", "--from", "1", "--to", "2")
    assert "1 withdrawn" in differs.out
    assert "catalogue.withdraw" in shell.done("agency", "log")
    short = shell.osrati("catalogue", "withdraw", "pilot_2020", "--reason", "why")
    assert short.code == 1
    assert "8 to 500" in short.err


def test_a_rollout_is_opened_widened_closed_and_taken_back_with_a_reason(
    shell: Shell, pack: Path
) -> None:
    book = pack / "family_book.yaml"
    edit(book, "due_until: {days: 90}", "due_until: {days: 60}")
    number = next(one for one in book.read_text("utf-8").splitlines() if one.startswith("version:"))
    edit(book, number, f"version: {int(number.split(':')[1]) + 1}")
    rollout = ("catalogue", "rollout")
    opened = shell.done(*rollout, "open", str(pack), "--percent", "5", *REASON)
    assert opened == "Version 2 for 5 % of circles, version 1 for the others (step 3).\n"
    assert shell.done(*rollout, "show") == opened
    again = shell.osrati(*rollout, "open", str(pack), *REASON)
    assert again.code == 1
    assert "A roll-out is open" in again.err
    wider = shell.done(*rollout, "widen", "--percent", "50", "--scope", "pilot_2020", *REASON)
    assert "Version 2 for 50 % of circles within pilot_2020" in wider
    beyond = shell.osrati(*rollout, "widen", "--percent", "101", *REASON)
    assert (beyond.code, "from 0 to 100" in beyond.err) == (2, True)
    assert "Version 2 is in force for everybody" in shell.done(*rollout, "close", *REASON)
    assert "Version 1 is in force for everybody" in shell.done(*rollout, "back", *REASON)
    none = shell.osrati(*rollout, "close", *REASON)
    assert (none.code, "No roll-out is open" in none.err) == (1, True)
    log = shell.done("agency", "log")
    for step in ("open", "widen", "close", "back"):
        assert f"catalogue.rollout.{step}" in log


def test_a_preview_says_in_counts_what_a_pack_would_do_and_publishes_nothing(
    shell: Shell, pack: Path
) -> None:
    same = shell.done("catalogue", "preview", str(pack), *REASON)
    assert "No card would come, go or change." in same
    edit(pack / "nursery.yaml", "version: 4", "version: 5")
    said = shell.done("catalogue", "preview", str(pack), *REASON, "--all")
    assert "It can touch under 10 circles, under 10 people." in said  # nobody is here yet
    assert "the ministry signed the fees" in shell.done("projection", "log")
    assert "Version 1 is in force" in shell.done("catalogue", "rollout", "show")
    assert shell.osrati("catalogue", "preview", str(pack), "--reason", "x").code == 1
    assert shell.osrati("catalogue", "preview", str(pack), *REASON, "--circles", "0").code == 2
    edit(pack / "nursery.yaml", "nature: ", "nature: x")
    broken = shell.osrati("catalogue", "preview", str(pack), *REASON)
    assert broken.code == 1
    assert "nursery.yaml:" in broken.err


def test_a_service_read_says_whom_its_cards_tell_and_by_what() -> None:
    pack = ("--pack", str(SHIPPED_PACK))
    contract = BARE.done("catalogue", "read", "marriage_contract", *pack)
    assert "agency: moj\n  وزارة العدل · Ministry of Justice" in contract
    assert "Told: the husband and the wife." in contract
    assert "by email: contract_signed, version 1" in contract
    assert "sms: contract_concluded, version 1" in contract
    assert "tells nobody" in BARE.done("catalogue", "read", "bereavement_pregnancy", *pack)
