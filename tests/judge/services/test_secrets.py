"""Secrets at rest: unreadable without the key, readable under any of several, renewed under the first."""

from __future__ import annotations

import pytest

from judge.errors import ServiceError
from judge.models.fields import SecretField
from judge.services import secrets

OLD, NEW = "the old key which is long enough by far", "the new key which is long enough as well"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def _set(secrets_key: str, secret_key: str = "x" * 50) -> None:
        monkeypatch.setenv("COJUDGE_SECRETS_KEY", secrets_key)
        monkeypatch.setenv("COJUDGE_SECRET_KEY", secret_key)

    return _set


@pytest.mark.parametrize("told", ["", NEW, f"{NEW}, {OLD}"])
def test_hidden_text_is_read_again_and_does_not_show(keys, told: str) -> None:
    keys(told)
    hidden = secrets.hide("whsec_123 你好")
    assert "whsec" not in hidden
    assert secrets.reveal(hidden) == "whsec_123 你好"


def test_nothing_is_hidden_twice_and_nothing_stays_nothing(keys) -> None:
    keys(NEW)
    once = secrets.hide("word")
    assert secrets.hide(once) == once
    assert secrets.hide("") == secrets.reveal("") == ""


def test_the_new_key_is_put_before_the_old_one_and_then_the_old_one_goes(keys) -> None:
    keys(OLD)
    hidden = secrets.hide("word")
    keys(f"{NEW},{OLD}")
    renewed = secrets.renew(hidden)
    keys(NEW)
    assert secrets.reveal(renewed) == "word"
    with pytest.raises(ServiceError, match="COJUDGE_SECRETS_KEY"):
        secrets.reveal(hidden)


def test_what_the_secret_key_encrypted_is_still_read_once_keys_are_told(keys) -> None:
    keys("")
    hidden = secrets.hide("word")
    keys(NEW)
    assert secrets.reveal(hidden) == "word"


@pytest.mark.parametrize(("told", "secret_key", "said"), [("short", "x" * 50, "5 characters"), ("", "", "Neither")])
def test_a_weak_key_and_no_key_are_refused(keys, told: str, secret_key: str, said: str) -> None:
    keys(told, secret_key)
    with pytest.raises(ServiceError, match=said):
        secrets.hide("word")


def test_a_changed_secret_is_refused_not_guessed(keys) -> None:
    keys(NEW)
    hidden = secrets.hide("word")
    with pytest.raises(ServiceError):
        secrets.reveal(hidden[:-6] + "AAAAAA")


def test_a_column_of_secrets_goes_into_the_database_encrypted() -> None:
    column = SecretField()
    stored = column.get_prep_value("word")
    assert stored.startswith(secrets.MARK)
    assert column.from_db_value(stored, None, None) == "word"
    assert column.get_prep_value(None) is column.from_db_value(None, None, None) is None
