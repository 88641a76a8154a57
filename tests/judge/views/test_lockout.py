"""Who guesses is locked out, in words, for a while, whichever web process was asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.core.management import call_command
from django.test import Client
from django.test.utils import override_settings

from judge import lockout
from judge.models import User
from tests import factories


def try_once(client: Client, name: str, password: str = "wrong", address: str = "192.0.2.1") -> int:
    return client.post("/login/", {"username": name, "password": password}, REMOTE_ADDR=address).status_code


def try_often(name: str, *, times: int = 5, address: str = "192.0.2.1") -> list[int]:
    return [try_once(Client(), name, address=address) for _ in range(times)]


def test_fifth_wrong_password_locks_the_name_from_that_address_in_words(client: Client, ann: User) -> None:
    assert try_often("ann") == [200, 200, 200, 200, 429]

    page = client.post("/login/", {"username": "ann", "password": factories.PASSWORD}, REMOTE_ADDR="192.0.2.1")

    assert page.status_code == 429
    assert page.headers["Retry-After"] == "900"
    assert "Wait 15 minutes" in page.text


def test_others_and_the_same_person_elsewhere_come_in(ann: User, ben: User) -> None:
    try_often("ann")

    assert try_once(Client(), "ann", factories.PASSWORD, "192.0.2.2") == 302
    assert try_once(Client(), "ben", factories.PASSWORD, "192.0.2.1") == 302


def test_lock_ends_by_itself_and_trying_meanwhile_does_not_put_it_off(ann: User) -> None:
    try_often("ann", times=9)
    AccessAttempt.objects.update(attempt_time=AccessAttempt.objects.get().attempt_time - timedelta(minutes=15))

    assert try_once(Client(), "ann", factories.PASSWORD) == 302


def test_right_password_forgets_the_wrong_ones_before(ann: User) -> None:
    try_often("ann", times=4)
    assert try_once(Client(), "ann", factories.PASSWORD) == 302

    assert try_often("ann", times=4) == [200] * 4


def test_own_account_does_not_wash_an_address_clean_of_guesses_at_others(ann: User, ben: User) -> None:
    try_often("ann", times=4)
    assert try_once(Client(), "ben", factories.PASSWORD) == 302

    assert try_once(Client(), "ann") == 429


@override_settings(AXES_FAILURE_LIMIT=2)
def test_one_name_guessed_at_from_everywhere_is_locked_everywhere(ann: User) -> None:
    for number in range(20):
        try_often("ann", times=1, address=f"198.51.100.{number}")

    assert try_once(Client(), "ann", factories.PASSWORD, "203.0.113.9") == 429


@override_settings(AXES_FAILURE_LIMIT=2)
def test_one_address_that_guesses_at_every_name_is_locked(ann: User) -> None:
    for number in range(20):
        try_often(f"nobody{number}", times=1)

    assert try_once(Client(), "ann", factories.PASSWORD, "192.0.2.1") == 429
    assert try_once(Client(), "ann", factories.PASSWORD, "192.0.2.7") == 302


def test_unlocking_lets_in_at_once(ann: User) -> None:
    try_often("ann")
    lockout.forget(ann)

    assert try_once(Client(), "ann", factories.PASSWORD) == 302


def test_wrong_passwords_and_names_are_kept_nowhere(ann: User) -> None:
    Client().post("/login/", {"username": "ann", "password": "my other password"}, REMOTE_ADDR="192.0.2.1")

    assert "my other" not in str(list(AccessAttempt.objects.values()))


@pytest.mark.parametrize("name", ["x" * 4000, "a\0b", "", "\ud83d\ude00" * 300])
def test_strange_names_are_refused_in_words(client: Client, db: None, name: str) -> None:
    assert (
        client.post(
            "/login/", {"username": name.encode("utf-16", "surrogatepass").decode("utf-16"), "password": "x"}
        ).status_code
        == 200
    )


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "6.6.6.6", "10.0.0.1"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1"),
        (1, "", "10.0.0.1"),
    ],
)
def test_address_is_what_our_own_proxies_saw(ann: User, proxies: int, header: str, address: str) -> None:
    with override_settings(PROXIES=proxies):
        Client().post(
            "/login/",
            {"username": "ann", "password": "wrong"},
            REMOTE_ADDR="10.0.0.1",
            headers={"X-Forwarded-For": header},
        )

    assert AccessAttempt.objects.get().ip_address == address


def test_site_admin_comes_in_by_the_same_door(client: Client, ann: User) -> None:
    User.objects.filter(pk=ann.pk).update(is_staff=True, is_superuser=True)

    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")
    assert client.get("/admin/login/?next=/admin/").headers["Location"] == "/login/?next=%2Fadmin%2F"
    assert (
        client.post("/admin/login/", {"username": "ann", "password": factories.PASSWORD})
        .headers["Location"]
        .startswith("/login/")
    )


def test_operator_unlocks_a_name_or_an_address(ann: User, ben: User, capsys: pytest.CaptureFixture[str]) -> None:
    try_often("ann")
    try_often("ben", address="192.0.2.8")

    call_command("unlock", "ann")
    call_command("unlock", "--address", "192.0.2.8")

    assert try_once(Client(), "ann", factories.PASSWORD) == 302
    assert try_once(Client(), "ben", factories.PASSWORD, "192.0.2.8") == 302
    assert "ann: unlocked, 1 counts forgotten" in capsys.readouterr().out
