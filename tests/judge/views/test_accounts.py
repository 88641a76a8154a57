from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from judge.models import User
from tests import factories

Browse = Callable[[User], Client]


def test_person_logs_in_and_lands_on_their_projects(client: Client, ann: User) -> None:
    response = client.post("/login/", {"username": "ann", "password": factories.PASSWORD}, follow=True)

    assert "Shop tags" in response.text


def test_wrong_password_is_said_in_words(client: Client, ann: User) -> None:
    page = client.post("/login/", {"username": "ann", "password": "wrong"}).text

    assert "Please enter a correct username and password" in page


def test_login_goes_on_to_the_page_that_was_asked_for_and_nowhere_else(client: Client, ann: User) -> None:
    credentials = {"username": "ann", "password": factories.PASSWORD}

    inside = client.post("/login/", credentials | {"next": "/projects/shop-tags/rubric/"})
    outside = Client().post("/login/", credentials | {"next": "https://elsewhere.example/"})

    assert inside.headers["Location"] == "/projects/shop-tags/rubric/"
    assert outside.headers["Location"] == "/"


def test_public_logins_stand_on_the_login_page_of_a_demo_only(client: Client, ann: User) -> None:
    assert "Public logins" not in client.get("/login/").text
    User.objects.filter(pk=ann.pk).update(is_demo=True)

    assert "Public logins of the demo" in client.get("/login/").text


def test_logging_out_needs_a_post(browse: Browse, ann: User) -> None:
    client = browse(ann)
    assert client.get("/logout/").status_code == 405
    assert client.get("/").status_code == 200

    client.post("/logout/")

    assert client.get("/").status_code == 302


def test_chosen_language_stays_with_the_account(browse: Browse, ann: User) -> None:
    browse(ann).post("/language/", {"language": "zh-hans", "next": "/"})

    assert "项目" in browse(ann).get("/").text


def test_visitor_chooses_a_language_for_the_browser(client: Client, db: None) -> None:
    client.post("/language/", {"language": "zh-hans", "next": "/login/"})

    assert "登录" in client.get("/login/").text


def test_unknown_language_changes_nothing(browse: Browse, ann: User) -> None:
    browse(ann).post("/language/", {"language": "tlh"})

    ann.refresh_from_db()
    assert ann.language == ""


@pytest.mark.parametrize("place", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""])
def test_language_switch_leads_only_to_our_own_pages(browse: Browse, ann: User, place: str) -> None:
    response = browse(ann).post("/language/", {"language": "en", "next": place})

    assert response.headers["Location"] == "/"


def test_form_without_token_is_refused_in_words(ann: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann)

    response = client.post("/logout/")

    assert response.status_code == 403
    assert "nothing was done" in response.text
