"""A person's own account: password, second factor, recovery codes, and mail when a password is forgotten."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from judge.actions import invitations
from judge.models import Event, Project, User
from tests import factories

Browse = Callable[[User], Client]
CREDENTIALS = {"username": "ann", "password": factories.PASSWORD}


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()


def code_of(user: User, *, ago: int = 0) -> str:
    """What the app shows; ``ago`` steps before: a code serves once."""
    secret = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP).wrap().instance.data["secret"]
    counter = next(iter(totp.yield_hotp_counters_from_time())) - ago
    return totp.format_hotp_value(totp.hotp_value(totp.decrypt(secret), counter))


@pytest.fixture
def guarded(ann: User) -> User:
    """Ann with an authenticator app and recovery codes."""
    totp.TOTP.activate(ann, totp.generate_totp_secret())
    RecoveryCodes.activate(ann)
    return ann


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_second_factor_is_set_up_after_saying_the_password_again(browse: Browse, ann: User) -> None:
    client = browse(ann)
    asked = client.get("/account/second-factor/set-up/")
    assert asked.headers["Location"].startswith("/account/again/")
    page = client.post(asked.headers["Location"], {"password": factories.PASSWORD}, follow=True).text
    secret = re.search(r"door__key\">([A-Z2-7]+)<", page)
    assert secret
    counter = next(totp.yield_hotp_counters_from_time())

    done = client.post(
        "/account/second-factor/set-up/",
        {"code": totp.format_hotp_value(totp.hotp_value(secret[1], counter))},
        follow=True,
    )

    assert len(re.findall(r"<li><code>", done.text)) == 10
    assert "They were shown once" in client.get("/account/codes/").text
    assert secret[1] not in str(Authenticator.objects.values_list("data", flat=True)), "encrypted at rest"
    assert "is asked for a code whenever you log in" in client.get("/account/").text


def test_wrong_code_sets_nothing_up(browse: Browse, ann: User) -> None:
    client = browse(ann)
    client.post("/account/again/?next=/account/", {"password": factories.PASSWORD})

    assert client.post("/account/second-factor/set-up/", {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.exists()


def test_password_alone_does_not_let_in(client: Client, guarded: User) -> None:
    assert client.post("/login/", CREDENTIALS).headers["Location"] == "/account/code/"
    assert not is_in(client)
    assert client.get("/admin/").status_code == 302

    page = client.post("/account/code/", {"code": code_of(guarded)})

    assert page.headers["Location"] == "/"
    assert is_in(client)


def test_second_factor_leads_on_to_the_page_that_was_asked_for(client: Client, guarded: User) -> None:
    client.post("/login/", CREDENTIALS | {"next": "/account/"})

    assert client.post("/account/code/", {"code": code_of(guarded)}).headers["Location"] == "/account/"


def test_code_serves_once(client: Client, guarded: User) -> None:
    code = code_of(guarded)
    client.post("/login/", CREDENTIALS)
    client.post("/account/code/", {"code": code})
    other = Client()
    other.post("/login/", CREDENTIALS)

    assert other.post("/account/code/", {"code": code}).status_code == 200
    assert not is_in(other)


def test_recovery_code_lets_in_once(guarded: User) -> None:
    codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()
    seen = []
    for _ in range(2):
        client = Client()
        client.post("/login/", CREDENTIALS)
        client.post("/account/code/", {"code": codes[0]})
        seen.append(is_in(client))

    assert seen == [True, False]


def test_guessing_codes_locks_like_guessing_passwords(guarded: User) -> None:
    statuses = []
    for _ in range(5):  # a fresh login each time, with the right password
        client = Client()
        client.post("/login/", CREDENTIALS)
        statuses.append(client.post("/account/code/", {"code": "000000"}).status_code)

    assert statuses == [200, 200, 200, 200, 429]
    assert Client().post("/login/", CREDENTIALS).status_code == 429


def test_no_code_at_all_brings_the_page_again(client: Client, guarded: User) -> None:
    client.post("/login/", CREDENTIALS)

    assert client.post("/account/code/").headers["Location"] == "/account/code/"
    assert client.post("/account/code/", {"code": ""}).status_code == 200
    assert not is_in(client)


def test_code_page_without_a_password_before_leads_to_the_door(client: Client, db: None) -> None:
    assert client.get("/account/code/", follow=True).redirect_chain[-1][0] == "/login/"
    assert client.post("/account/code/", {"code": "000000"}, follow=True).redirect_chain[-1][0] == "/login/"


def test_link_of_an_invitation_asks_for_the_second_factor_too(client: Client, guarded: User) -> None:
    page = client.get(invitations.path_for(guarded), follow=True)
    password = {"new_password1": "a wholly new one", "new_password2": "a wholly new one"}

    assert client.post(page.redirect_chain[-1][0], password).headers["Location"] == "/account/code/"
    assert not is_in(client)


def test_giving_the_second_factor_up_takes_the_password_and_voids_the_codes(browse: Browse, guarded: User) -> None:
    client = browse(guarded)
    asked = client.get("/account/second-factor/give-up/")
    client.post(asked.headers["Location"], {"password": factories.PASSWORD})

    client.post("/account/second-factor/give-up/")

    assert not Authenticator.objects.exists()


def test_new_recovery_codes_void_the_old_ones(browse: Browse, guarded: User) -> None:
    old = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()
    client = browse(guarded)
    client.post("/account/again/?next=/account/", {"password": factories.PASSWORD})

    page = client.post("/account/codes/new/", follow=True).text

    new = re.findall(r"<li><code>(.+?)</code>", page)
    assert len(new) == 10
    assert not set(new) & set(old)


def test_signing_in_gives_a_new_session_and_is_noted(client: Client, ann: User) -> None:
    client.get("/projects/shop-tags/", follow=True)
    client.session["planted"] = "by somebody else"
    client.session.save()
    before = client.session.session_key
    client.post("/login/", CREDENTIALS)

    assert client.session.session_key != before
    assert Event.objects.get(verb="signed in").data == {"ways": ["password"]}


def test_changing_the_password_ends_the_other_sessions(browse: Browse, ann: User) -> None:
    here, there = browse(ann), browse(ann)
    key = here.session.session_key
    sent = {"oldpassword": factories.PASSWORD, "password1": "a wholly new one", "password2": "a wholly new one"}

    assert here.post("/account/password/", sent).status_code == 302

    assert is_in(here)
    assert here.session.session_key != key
    assert not is_in(there)


def test_guessing_the_old_password_of_an_open_session_locks(browse: Browse, ann: User) -> None:
    new = {"password1": "a wholly new one", "password2": "a wholly new one"}
    client = browse(ann)
    statuses = [client.post("/account/password/", {"oldpassword": "wrong", **new}).status_code for _ in range(6)]

    assert statuses == [200, 200, 200, 200, 429, 429]


@pytest.mark.parametrize("new", ["short", "password123", ""])
def test_weak_password_is_refused(browse: Browse, ann: User, new: str) -> None:
    sent = {"oldpassword": factories.PASSWORD, "password1": new, "password2": new}

    assert browse(ann).post("/account/password/", sent).status_code == 200


def test_public_accounts_of_the_demo_stay_as_they_are(browse: Browse, ann: User) -> None:
    User.objects.filter(pk=ann.pk).update(is_demo=True)
    client = browse(ann)

    assert "public account of the demo" in client.get("/account/").text
    for path in ("/account/password/", "/account/second-factor/set-up/", "/account/again/", "/account/codes/new/"):
        assert client.get(path).status_code == 403


def forget(client: Client, email: str) -> str:
    return client.post("/account/forgotten/", {"email": email}).text


@pytest.fixture
def mailing() -> object:
    with override_settings(MAIL_URL="smtp://mail.example"):
        yield


@pytest.mark.usefixtures("mailing")
def test_forgotten_password_is_mailed_a_link_that_works_once(client: Client, ann: User) -> None:
    assert "Forgotten password" in client.get("/login/").text
    assert "a link is on its way" in forget(client, "Ann@example.com")
    (link,) = re.findall(r"http://testserver(/welcome/\S+)", str(mail.outbox[0].body))
    place = client.get(link, follow=True).redirect_chain[-1][0]
    password = {"new_password1": "a wholly new one", "new_password2": "a wholly new one"}

    assert client.post(place, password).headers["Location"] == "/"
    assert is_in(client)
    assert "was used already" in Client().get(link, follow=True).text


@pytest.mark.usefixtures("mailing")
def test_answer_does_not_tell_whether_there_is_an_account(client: Client, ann: User) -> None:
    token = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"')
    known, unknown = forget(client, "ann@example.com"), forget(client, "nobody@example.com")

    assert token.sub("", known) == token.sub("", unknown)
    assert len(mail.outbox) == 1


@pytest.mark.usefixtures("mailing")
def test_nobody_is_flooded_with_links(client: Client, ann: User) -> None:
    for _ in range(3):
        forget(client, "ann@example.com")

    assert len(mail.outbox) == 1


@pytest.mark.usefixtures("mailing")
def test_no_link_is_mailed_for_accounts_of_the_demo_or_closed_ones(client: Client, ann: User, ben: User) -> None:
    User.objects.filter(pk=ann.pk).update(is_demo=True)
    User.objects.filter(pk=ben.pk).update(is_active=False)
    forget(client, "ann@example.com")
    forget(client, "ben@example.com")

    assert mail.outbox == []


def test_without_mail_the_page_says_whom_to_ask(client: Client, ann: User) -> None:
    assert "sends no mail" in client.get("/account/forgotten/").text
    assert "sends no mail" in forget(client, "ann@example.com")
    assert "Forgotten password" not in client.get("/login/").text
    assert mail.outbox == []


def test_account_lists_the_roles_that_one_holds(browse: Browse, project: Project, ada: User) -> None:
    page = browse(ada).get("/account/").text

    assert "Shop tags" in page
    assert "adjudicator" in page


def test_being_signed_in_costs_no_query_more_than_session_and_person(browse: Browse, ann: User) -> None:
    client = browse(ann)
    client.get("/language/")  # warm
    with CaptureQueriesContext(connection) as queries:
        client.get("/no/such/page/")

    assert len(queries) == 2, [each["sql"] for each in queries]
