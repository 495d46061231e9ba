"""What the environment says, read as a whole: days within reason, URLs in the driver's form."""

from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from api.settings import Settings, SettingsError, read_settings


def read(**environ: str) -> Settings:
    return read_settings(environ, data_dir=Path("/nowhere"))


@pytest.mark.parametrize("day", ["2000-01-01", "2026-11-21", "2100-12-31"])
def test_a_day_within_reason_is_taken(day: str) -> None:
    today = read(OSRATI_TODAY=day).today
    assert today is not None
    assert today.isoformat() == day


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31"])
def test_a_day_out_of_reason_is_refused_by_name(day: str) -> None:
    with pytest.raises(SettingsError, match=r"OSRATI_TODAY.*2000-01-01 to 2100-12-31"):
        read(OSRATI_TODAY=day)


@pytest.mark.parametrize("name", ["DATABASE_URL", "KEYSTORE_URL"])
@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_sslmode_becomes_what_the_driver_takes(name: str, scheme: str) -> None:
    given = f"{scheme}://u:p%40s%3Fs@db.test:5433/osrati?sslmode=require&command_timeout=5"
    settings = read(**{name: given})
    url = settings.database_url if name == "DATABASE_URL" else settings.keystore_url
    assert url is not None
    _, arguments = dialect().create_connect_args(make_url(url))  # type: ignore[no-untyped-call]
    assert arguments["ssl"] == "require"
    assert "sslmode" not in arguments
    assert (arguments["user"], arguments["password"]) == ("u", "p@s?s")
    assert (arguments["host"], arguments["port"], arguments["database"]) == (
        "db.test",
        5433,
        "osrati",
    )
    assert "command_timeout" in arguments


@pytest.mark.parametrize(
    "url", ["postgresql://db.test/osrati?sslmode=always", "postgresql://db.test:port/osrati"]
)
def test_a_url_that_the_driver_would_not_take_is_refused_by_name(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        read(DATABASE_URL=url)


SMPP = {"OSRATI_SMPP_URL": "smpp://osrati@127.0.0.1:2775", "OSRATI_SMPP_PASSWORD": "word"}


def test_a_message_centre_is_named_by_url_and_its_password_apart(tmp_path: Path) -> None:
    access = read_settings(SMPP, data_dir=tmp_path).smpp
    assert access is not None
    assert (access.host, access.port, access.system_id) == ("127.0.0.1", 2775, "osrati")
    assert (access.password, access.sender) == ("word", "Osrati")
    assert read_settings({}, data_dir=tmp_path).smpp is None


@pytest.mark.parametrize(
    "changed",
    [
        {"OSRATI_SMPP_URL": "http://osrati@127.0.0.1:2775"},
        {"OSRATI_SMPP_URL": "smpp://127.0.0.1:2775"},
        {"OSRATI_SMPP_URL": "smpp://osrati@127.0.0.1"},
        {"OSRATI_SMPP_URL": "smpp://osrati@127.0.0.1:99999"},
        {"OSRATI_SMPP_URL": "smpp://osrati:word@127.0.0.1:2775"},
        {"OSRATI_SMPP_PASSWORD": ""},
        {"OSRATI_SMPP_SENDER": "TwelveLetter"},
        {"OSRATI_SMPP_SENDER": "أسرتي"},
    ],
)
def test_a_message_centre_that_cannot_be_is_refused(
    tmp_path: Path, changed: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match="OSRATI_SMPP"):
        read_settings({**SMPP, **changed}, data_dir=tmp_path)


SMTP = {
    "OSRATI_SMTP_URL": "smtp://osrati@relay.example:587",
    "OSRATI_SMTP_PASSWORD": "word",
    "OSRATI_SMTP_SENDER": "notices@osrati.example",
}


def test_a_mail_relay_is_named_by_url_its_password_and_sender_apart(tmp_path: Path) -> None:
    relay = read_settings(SMTP, data_dir=tmp_path).smtp
    assert relay is not None
    assert (relay.host, relay.port, relay.tls) == ("relay.example", 587, "starttls")
    assert (relay.user, relay.password) == ("osrati", "word")
    assert (relay.sender, relay.certificate_file) == ("notices@osrati.example", None)
    by_tls = {"OSRATI_SMTP_URL": "smtps://a%40b.example@relay.example:465"}
    relay = read_settings({**SMTP, **by_tls}, data_dir=tmp_path).smtp
    assert relay is not None
    assert (relay.user, relay.tls) == ("a@b.example", "tls")
    nobody = {"OSRATI_SMTP_URL": "smtp://relay.example:25", "OSRATI_SMTP_PASSWORD": ""}
    relay = read_settings({**SMTP, **nobody}, data_dir=tmp_path).smtp
    assert relay is not None
    assert not relay.user
    assert read_settings({}, data_dir=tmp_path).smtp is None


@pytest.mark.parametrize(
    "changed",
    [
        {"OSRATI_SMTP_URL": "http://osrati@relay.example:587"},
        {"OSRATI_SMTP_URL": "smtp://osrati@relay.example"},
        {"OSRATI_SMTP_URL": "smtp://osrati@relay.example:99999"},
        {"OSRATI_SMTP_URL": "smtp://osrati:word@relay.example:587"},
        {"OSRATI_SMTP_URL": "smtp://relay.example:587"},
        {"OSRATI_SMTP_PASSWORD": ""},
        {"OSRATI_SMTP_SENDER": ""},
        {"OSRATI_SMTP_SENDER": "Osrati"},
        {"OSRATI_SMTP_SENDER": "a@b.example\nBcc: c@d.example"},
    ],
)
def test_a_mail_relay_that_cannot_be_is_refused(tmp_path: Path, changed: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="OSRATI_SMTP"):
        read_settings({**SMTP, **changed}, data_dir=tmp_path)


def test_pushes_go_by_https_alone(tmp_path: Path) -> None:
    named = {"OSRATI_FCM_ACCOUNT": "account.json"}
    access = read_settings(named, data_dir=tmp_path).fcm
    assert access is not None
    assert access.origin == "https://fcm.googleapis.com"
    with pytest.raises(SettingsError, match="OSRATI_FCM_URL"):
        read_settings({**named, "OSRATI_FCM_URL": "http://127.0.0.1"}, data_dir=tmp_path)


def test_plans_are_on_unless_they_are_turned_off() -> None:
    assert read().graphql_plans
    assert read(OSRATI_GRAPHQL_PLANS="on").graphql_plans
    assert not read(OSRATI_GRAPHQL_PLANS="off").graphql_plans
    with pytest.raises(SettingsError, match="OSRATI_GRAPHQL_PLANS"):
        read(OSRATI_GRAPHQL_PLANS="maybe")


def test_production_demands_several_factors_of_staff(tmp_path: Path) -> None:
    named = {
        "OSRATI_ENVIRONMENT": "production",
        "OSRATI_STAFF_ISSUER": "https://staff.example",
        "OSRATI_STAFF_CLIENT_ID": "osrati",
        "OSRATI_STAFF_CLIENT_SECRET": "word",
    }
    with pytest.raises(SettingsError, match="OSRATI_STAFF_ACR"):
        read_settings(named, data_dir=tmp_path)
    with pytest.raises(SettingsError, match="DATABASE_URL"):  # the next thing that is missing
        read_settings({**named, "OSRATI_STAFF_ACR": "urn:two"}, data_dir=tmp_path)
