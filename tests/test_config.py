"""Settings come from many places, and a wrong one is named with what would do."""

import stat
import threading

import pytest

from salesbot import config
from salesbot.app import create_app
from salesbot.errors import ConfigError, SalesbotError
from salesbot.options import OPTIONS

SID = "AC" + "0" * 32


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    """Only what a test sets."""
    for option in OPTIONS:
        monkeypatch.delenv(option.name, raising=False)
        monkeypatch.delenv(f"SALESBOT_{option.name}", raising=False)


def test_without_anything_there_are_defaults_and_secrets_made_once(tmp_path):
    first, again = config.read(tmp_path), config.read(tmp_path)
    assert first["DATABASE_URL"] == f"sqlite:///{tmp_path / 'salesbot.db'}"
    assert first["SESSION_SECRET"] == again["SESSION_SECRET"]
    assert len(first["SESSION_SECRET"]) >= 40
    assert first["KEYRING"] == again["KEYRING"] != []
    for name in ("session_secret", "keyring"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_two_shops_have_different_secrets(tmp_path):
    one, other = config.read(tmp_path / "a"), config.read(tmp_path / "b")
    assert one["SESSION_SECRET"] != other["SESSION_SECRET"]
    assert one["KEYRING"] != other["KEYRING"]


def test_processes_that_start_together_agree_on_the_secrets(tmp_path):
    found = []
    threads = [threading.Thread(target=lambda: found.append(config.read(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({values["SESSION_SECRET"] for values in found}) == 1
    assert len({tuple(values["KEYRING"]) for values in found}) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keyring", "session_secret"]


def test_later_places_win(tmp_path, monkeypatch):
    assert config.read(tmp_path)["SHOP_NAME"] == "Our shop"
    tmp_path.joinpath("config.py").write_text("SHOP_NAME = 'File'\nORDER_MINUTES = '30'\n")
    assert config.read(tmp_path)["SHOP_NAME"] == "File"
    assert config.read(tmp_path)["ORDER_MINUTES"] == 30
    monkeypatch.setenv("SALESBOT_SHOP_NAME", "Environment")
    assert config.read(tmp_path)["SHOP_NAME"] == "Environment"
    assert config.read(tmp_path, {"SHOP_NAME": "Test"})["SHOP_NAME"] == "Test"


def test_a_customary_name_wins_over_the_prefixed_one(tmp_path, monkeypatch):
    monkeypatch.setenv("SALESBOT_PUBLIC_URL", "https://prefixed.example")
    assert config.read(tmp_path)["PUBLIC_URL"] == "https://prefixed.example"
    monkeypatch.setenv("PUBLIC_URL", "https://customary.example/")
    assert config.read(tmp_path)["PUBLIC_URL"] == "https://customary.example"


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("postgres://u:p@host/db", "postgresql+psycopg://u:p@host/db"),
        ("postgresql://u:p@host/db", "postgresql+psycopg://u:p@host/db"),
        ("postgresql+psycopg://u@host/db", "postgresql+psycopg://u@host/db"),
        ("sqlite:////data/shop.db", "sqlite:////data/shop.db"),
    ],
)
def test_database_addresses_are_understood_as_others_write_them(tmp_path, monkeypatch, given, understood):
    monkeypatch.setenv("DATABASE_URL", given)
    assert config.read(tmp_path)["DATABASE_URL"] == understood


def test_two_tokens_may_be_given_while_one_is_rotated(tmp_path, monkeypatch):
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", SID)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "new, old")
    assert config.read(tmp_path)["TWILIO_AUTH_TOKEN"] == ["new", "old"]


def test_a_number_gets_the_channel_before_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TWILIO_WHATSAPP_NUMBER", "+14155238886")
    assert config.read(tmp_path)["TWILIO_WHATSAPP_NUMBER"] == "whatsapp:+14155238886"


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("PUBLIC_URL", "shop.example", "https://shop.example.com"),
        ("PUBLIC_URL", "ftp://shop.example", "https://shop.example.com"),
        ("TWILIO_ACCOUNT_SID", "AC123", "32 hexadecimal digits"),
        ("TWILIO_WHATSAPP_NUMBER", "0123 456", "country code"),
        ("TWILIO_API_URL", "localhost:5010", "https://"),
        ("SALESBOT_PORT", "five", "whole number"),
        ("SALESBOT_ORDER_MINUTES", "-1", "whole number"),
        ("SALESBOT_ORDER_MINUTES", "1.5", "whole number"),
        ("SALESBOT_CURRENCY", "dollars", "three letters"),
        ("SALESBOT_BUTTONS", "perhaps", "1 or 0"),
        ("SALESBOT_LANGUAGES", "klingonish", "language"),
        ("SALESBOT_LANGUAGES", "", "language"),
        ("SALESBOT_LOG_LEVEL", "LOUD", "DEBUG"),
        ("SALESBOT_LOG_FORMAT", "xml", "text or json"),
        ("DATABASE_URL", "nonsense", "sqlite"),
        ("DATABASE_URL", "mysql://root:hush@host/db", "sqlite"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_what_would_do(
    tmp_path, monkeypatch, name, value, remedy
):
    monkeypatch.setenv(name, value)
    with pytest.raises(SalesbotError) as caught:
        create_app({"ENTRY_POINTS": False, "BACK_OFFICE": False}, instance_path=tmp_path)
    assert name in str(caught.value)
    assert remedy in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("set_one", "missing"),
    [
        ({"TWILIO_ACCOUNT_SID": SID}, "TWILIO_AUTH_TOKEN"),
        ({"TWILIO_AUTH_TOKEN": "t"}, "TWILIO_ACCOUNT_SID"),
    ],
)
def test_half_of_the_twilio_settings_is_said_at_start(tmp_path, set_one, missing):
    with pytest.raises(ConfigError) as caught:
        config.read(tmp_path, set_one)
    assert next(iter(set_one)) in str(caught.value)
    assert missing in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"), [("1 +", "SyntaxError"), ("import nothing_here", "nothing_here")]
)
def test_a_broken_settings_file_is_said_with_its_place(tmp_path, content, said):
    tmp_path.joinpath("config.py").write_text(content)
    with pytest.raises(ConfigError, match=said) as caught:
        config.read(tmp_path)
    assert str(tmp_path / "config.py") in str(caught.value)


def test_a_language_is_understood_as_the_web_and_as_gettext_write_it(tmp_path):
    assert config.read(tmp_path, {"LANGUAGES": "pt-BR, de"})["LANGUAGES"] == ["pt_BR", "de"]


def test_the_environment_fixes_what_the_back_office_may_not_change(tmp_path, monkeypatch):
    monkeypatch.setenv("SALESBOT_SHOP_NAME", "Environment")
    tmp_path.joinpath("config.py").write_text("CURRENCY = 'EUR'\n")
    assert config.read(tmp_path)["FIXED"] == {"SHOP_NAME"}
