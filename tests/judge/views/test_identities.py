"""Coming in by an OpenID Connect provider: whom it opens, and every lie that it may tell."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.http import HttpResponse
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from annotation.actions import people
from judge.actions import invitations
from judge.models import Event, Project, User
from judge.settings import oidc
from tests import factories
from tests.judge import identity_provider as idp
from tests.judge.identity_provider import Provider

Browse = Callable[[User], Client]


@pytest.fixture
def provider() -> Iterator[Provider]:
    with idp.serving() as made:
        providers = oidc(made.issuer)
        providers["openid_connect"]["APPS"][0] |= {"client_id": idp.CLIENT, "secret": idp.SECRET, "name": "Works"}
        with override_settings(SOCIALACCOUNT_PROVIDERS=providers):
            yield made


@pytest.fixture
def nora(project: Project, lea: User) -> User:
    """Invited by address; she never set a password."""
    return people.invite(project, "nora", email="Nora@example.com", by=lea).user


def go(client: Client, **sent: str) -> str:
    """To the provider; the state that it was sent."""
    page = client.post("/login/sso/", sent)
    assert page.status_code == 200, page.text
    address = page.headers["Refresh"].removeprefix("0; url=")
    assert address.replace("&", "&amp;") in page.text
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["client_id"] == idp.CLIENT
    assert asked["code_challenge_method"] == "S256"
    return asked["state"]


def come_back(client: Client, state: str, **more: str) -> HttpResponse:
    return client.get("/login/sso/callback/", {"code": "one", "state": state, **more})


def come_in(client: Client, **sent: str) -> HttpResponse:
    return come_back(client, go(client, **sent))


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_invited_person_comes_in_by_a_verified_address_and_stays_linked(
    client: Client, provider: Provider, nora: User
) -> None:
    assert come_in(client, next="/projects/shop-tags/rubric/").headers["Location"] == "/projects/shop-tags/rubric/"
    assert is_in(client)
    assert provider.seen[0]["code_verifier"]
    assert Event.objects.filter(verb="identity linked", by=nora).exists()

    provider.claims = {"email": None, "email_verified": None}  # from now on who they are there is enough
    again = Client()
    come_in(again)
    assert is_in(again)
    assert SocialAccount.objects.get().extra_data == {"iss": provider.issuer, "sub": "nora-at-the-provider"}


def test_page_of_the_login_names_the_provider_where_there_is_one(client: Client, db: None, provider: Provider) -> None:
    assert "Log in with Works" in client.get("/login/").text
    with override_settings(SOCIALACCOUNT_PROVIDERS={}):
        assert "Works" not in client.get("/login/").text
        assert client.post("/login/sso/").status_code == 404


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"email_verified": False}, {}, "does not say that your e-mail address is verified"),
    ({"email_verified": None}, {}, "does not say that your e-mail address is verified"),
    ({"email_verified": "false"}, {}, "does not say that your e-mail address is verified"),
    ({"email_verified": 1}, {}, "does not say that your e-mail address is verified"),
    ({}, {"email": "nora@example.com"}, "does not say that your e-mail address is verified"),
    ({"email": None}, {}, "told no e-mail address"),
    ({"email": ["nora@example.com"]}, {}, "told no e-mail address"),
    ({"email": "nobody@example.com"}, {}, "no account was invited"),
    ({"email": "nora@example.com.evil.example"}, {}, "no account was invited"),
    ({"email": "lea@example.com"}, {}, "is in use already"),
]


@pytest.mark.parametrize(("claims", "userinfo", "words"), REFUSED)
def test_provider_that_lies_about_the_address_opens_nothing_and_is_logged(
    client: Client, provider: Provider, nora: User, caplog: pytest.LogCaptureFixture, claims: dict[str, Any],
    userinfo: dict[str, Any], words: str,
) -> None:  # fmt: skip
    provider.claims, provider.userinfo = claims, userinfo
    page = come_in(client)

    assert page.status_code == 403
    assert words in page.text
    assert "an identity was refused" in caplog.text
    assert Event.objects.filter(verb="identity refused").exists()
    assert not is_in(client)
    assert not SocialAccount.objects.exists()
    assert set(User.objects.values_list("username", flat=True)) == {"lea", "nora"}, "nobody signs up"


LIES: list[tuple[dict[str, Any], str]] = [
    ({"key": idp.OTHER_KEY}, "signed by somebody else"),
    ({"algorithm": "none"}, "not signed"),
    ({"algorithm": "HS256"}, "signed with the public key as a secret"),
    ({"claims": {"aud": "another application"}}, "meant for another application"),
    ({"claims": {"iss": "https://elsewhere.example"}}, "said by another issuer"),
    ({"claims": {"exp": int(time.time()) - 3600}}, "too old"),
    ({"claims": {"exp": None}}, "good for ever"),
    ({"claims": {"sub": None}}, "of nobody"),
    ({"userinfo": {"sub": "somebody else", "email": "nora@example.com", "email_verified": True}}, "of two people"),
    ({"config": {"issuer": "https://elsewhere.example"}}, "a configuration of another issuer"),
    ({"config": {"jwks_uri": None}}, "no keys"),
    ({"is_silent": True}, "an error"),
]


@pytest.mark.parametrize(("lie", "what"), LIES, ids=[what for _, what in LIES])
def test_what_a_provider_says_must_hold(
    client: Client, provider: Provider, nora: User, caplog: pytest.LogCaptureFixture, lie: dict[str, Any], what: str
) -> None:
    state = go(client)
    for name, value in lie.items():
        setattr(provider, name, value)

    page = come_back(client, state)

    assert page.status_code == 401, what
    assert "Nothing was changed" in page.text
    assert "sign-in at Works failed" in caplog.text
    assert not is_in(client)


def test_provider_that_does_not_answer_is_told_in_words(client: Client, provider: Provider, db: None) -> None:
    provider.is_silent = True

    assert client.post("/login/sso/").status_code == 401


def test_state_of_another_browser_or_of_none_opens_nothing(client: Client, provider: Provider, nora: User) -> None:
    state = go(Client())

    assert come_back(client, state).status_code == 401
    assert client.get("/login/sso/callback/").status_code == 401
    assert not is_in(client)


def test_state_serves_once(client: Client, provider: Provider, nora: User) -> None:
    state = go(client)
    come_back(client, state)

    assert come_back(client, state).status_code == 401


def test_no_at_the_provider_leads_back_to_the_door(client: Client, provider: Provider, nora: User) -> None:
    page = client.get("/login/sso/callback/", {"error": "access_denied", "state": go(client)}, follow=True)

    assert page.redirect_chain[-1][0] == "/login/"


def test_account_in_use_is_linked_by_its_owner_alone(browse: Browse, provider: Provider, ann: User) -> None:
    provider.claims = {"email": None}
    client = browse(ann)
    went = come_in(client, process="connect")
    assert went.headers["Location"] == "/account/again/"

    client.post("/account/again/", {"password": factories.PASSWORD})

    assert "An identity there opens this account" in client.get("/account/").text
    other = Client()
    come_in(other)
    assert is_in(other)


def test_identity_of_one_is_not_taken_by_another(browse: Browse, provider: Provider, ann: User, nora: User) -> None:
    come_in(Client())
    client = browse(ann)
    come_in(client, process="connect")
    client.post("/account/again/", {"password": factories.PASSWORD})

    assert SocialAccount.objects.get().user == nora


def test_link_of_the_invitation_is_void_once_the_account_is_in_use(
    provider: Provider, project: Project, nora: User
) -> None:
    path = invitations.path_for(nora)
    come_in(Client())
    nora.refresh_from_db()

    assert "was used already" in Client().get(path, follow=True).text
    assert not invitations.may_have_link(nora, project)


def test_only_way_in_cannot_be_unlinked(client: Client, provider: Provider, nora: User) -> None:
    come_in(client)
    page = client.post("/account/identities/", {"account": str(SocialAccount.objects.get().pk)}, follow=True)

    assert "is the only way into your account" in page.text
    assert SocialAccount.objects.filter(user=nora).exists()


def test_unlinking_takes_the_password_again(browse: Browse, ann: User) -> None:
    row = SocialAccount.objects.create(user=ann, provider="sso", uid="x", extra_data={})
    client = browse(ann)
    asked = client.post("/account/identities/", {"account": str(row.pk)})
    assert asked.headers["Location"].startswith("/account/again/")

    with override_settings(SOCIALACCOUNT_PROVIDERS=oidc("https://works.example")):
        client.post(asked.headers["Location"], {"password": factories.PASSWORD})

    assert not SocialAccount.objects.exists()


def test_identity_of_somebody_else_cannot_be_unlinked(
    browse: Browse, provider: Provider, ann: User, nora: User
) -> None:
    come_in(Client())

    assert browse(ann).post("/account/identities/", {"account": str(SocialAccount.objects.get().pk)}).status_code == 404


@pytest.mark.parametrize("change", ["is_active", "is_superuser", "is_staff", "is_demo"])
def test_no_address_opens_accounts_of_admins_of_the_demo_or_closed_ones(
    client: Client, provider: Provider, nora: User, change: str
) -> None:
    User.objects.filter(pk=nora.pk).update(**{change: change != "is_active"})

    assert come_in(client).status_code == 403


def test_closed_account_stays_closed_to_its_identity(client: Client, provider: Provider, nora: User) -> None:
    come_in(Client())
    User.objects.filter(pk=nora.pk).update(is_active=False)

    assert come_in(client).status_code == 403
    assert not is_in(client)


def test_going_takes_a_post_and_no_wishes_of_an_address(client: Client, provider: Provider, db: None) -> None:
    assert client.get(reverse("openid_connect_login", args=["sso"])).status_code == 405
    page = client.post("/login/sso/?scope=admin&auth_params=prompt%3Dnone")

    assert "admin" not in page.headers["Refresh"]
    assert "prompt" not in page.headers["Refresh"]
