from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from judge.actions import tokens
from judge.models import ApiToken, Event, Project, User

Browse = Callable[[User], Client]
FORM = {"name": "nightly", "scopes": ["read", "push"], "days": "30"}


def url(project: Project) -> str:
    return f"/projects/{project.slug}/api/"


def test_a_lead_makes_a_token_that_works_and_sees_it_once(browse: Browse, project: Project, lea: User) -> None:
    client = browse(lea)

    response = client.post(url(project), FORM)

    token = ApiToken.objects.get()
    secret = re.findall(r"cojudge_[0-9a-f]{8}_[\w-]{43}", response.text)[0]
    assert (token.person, token.scopes) == (lea, ["push", "read"])
    assert tokens.find(secret) == token
    assert response["Cache-Control"] == "no-store"
    assert secret not in client.get(url(project)).text
    assert f"cojudge_{token.prefix}" in client.get(url(project)).text
    assert secret not in str(Event.objects.values_list("data", flat=True))


@pytest.mark.parametrize("wrong", [{"name": ""}, {"scopes": []}, {"scopes": ["root"]}, {"days": "0"}, {"days": "4000"}])
def test_mistakes_are_told(browse: Browse, project: Project, lea: User, wrong: dict[str, object]) -> None:
    assert browse(lea).post(url(project), FORM | wrong).status_code == 400
    assert ApiToken.objects.count() == 0


def test_a_lead_revokes_any_token_and_a_trainer_only_their_own(
    browse: Browse, project: Project, lea: User, tim: User
) -> None:
    of_lea, of_tim = (
        tokens.make(project, each, name=each.username, scopes=["read"], days=1, by=each).token for each in (lea, tim)
    )

    assert browse(tim).post(f"{url(project)}tokens/{of_lea.pk}/revoke/").status_code == 404
    assert f"cojudge_{of_lea.prefix}" not in browse(tim).get(url(project)).text
    browse(lea).post(f"{url(project)}tokens/{of_tim.pk}/revoke/")
    browse(lea).post(f"{url(project)}tokens/{of_tim.pk}/revoke/")

    of_tim.refresh_from_db()
    assert of_tim.revoked_by == lea
    assert "this token was revoked" in browse(tim).get(url(project)).text
    assert Event.objects.filter(verb="api token revoked").count() == 1


@pytest.mark.parametrize("name", ["ann", "ada"])
def test_others_may_not(browse: Browse, project: Project, request: pytest.FixtureRequest, name: str) -> None:
    person = request.getfixturevalue(name)

    assert browse(person).get(url(project)).status_code == 403
    assert browse(person).post(url(project), FORM).status_code == 403


def test_the_command_makes_lists_and_revokes(project: Project, tim: User) -> None:
    def run(*words: str) -> str:
        said = StringIO()
        call_command("api_token", project.slug, *words, stdout=said)
        return said.getvalue().strip()

    secret = run("--make", "ci", "--person", "tim", "--scope", "read", "--scope", "export")
    token = tokens.find(secret)
    assert (token.person, token.scopes) == (tim, ["export", "read"])
    assert f"cojudge_{token.prefix}  tim  export,read  until" in run()
    assert run("--revoke", token.prefix) == "revoked"
    with pytest.raises(tokens.NotAccepted):
        tokens.find(secret)
    with pytest.raises(CommandError, match="no account"):
        run("--make", "x", "--person", "ghost", "--scope", "read")


def test_the_reference_shows_every_operation_to_anybody(db: None) -> None:
    from judge.api.app import views

    text = Client().get("/api/").text

    assert all(f'id="{name}"' in text for name in views())
    assert "RateLimit" not in text
    assert re.findall(r'<script(?! src="/)', text) == [], "nothing inline, nothing from elsewhere"
