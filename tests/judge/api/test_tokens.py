from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from judge.actions import tokens
from judge.errors import InputError
from judge.models import ApiToken, ApiUse, Membership, Project, Role, User
from tests import factories
from tests.judge.api.calling import Caller, item


def test_the_secret_is_not_kept(project: Project, lea: User) -> None:
    made = tokens.make(project, lea, name="ci", scopes=["read"], days=1, by=lea)

    kept = " ".join(str(value) for value in ApiToken.objects.values().get().values())
    assert made.secret.startswith(f"cojudge_{made.token.prefix}_")
    assert made.secret.split("_", 2)[-1] not in kept
    assert len(made.secret) > 50


@pytest.mark.parametrize(("header", "said"), [
    (None, "no token came"), ("Basic bGVhOnB3", "no token came"), ("Bearer", "not known"), ("Bearer x", "not known"),
    ("Bearer cojudge_00000000_nothing", "not known"), ("Bearer cojudge_\x00_x", "not known"),
    ("Bearer " + "x" * 10_000, "not known"), ("Bearer cojudge_12345678_é", "not known"),
])  # fmt: skip
def test_forged_tokens_open_nothing(project: Project, header: str | None, said: str) -> None:
    headers = {"Authorization": header} if header else {}
    response = Client().get(f"/api/v1/projects/{project.slug}/health", headers=headers)

    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert said in response.json()["detail"]


def test_the_secret_of_one_prefix_does_not_open_with_another(project: Project, lea: User, tim: User) -> None:
    mine, other = Caller(project, lea), Caller(project, tim)
    mine.secret = f"cojudge_{other.made.token.prefix}_{mine.secret.split('_', 2)[2]}"

    assert mine.get("health").status_code == 401


def test_expired_and_revoked_tokens_are_told_so(project: Project, lea: User) -> None:
    expired, revoked = Caller(project, lea), Caller(project, lea)
    ApiToken.objects.filter(pk=expired.made.token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert tokens.revoke(revoked.made.token, by=lea)
    assert not tokens.revoke(revoked.made.token, by=lea)

    assert "expired" in expired.get("health").json()["detail"]
    assert "revoked" in revoked.get("health").json()["detail"]


def test_a_closed_account_closes_its_tokens(project: Project, lea: User) -> None:
    program = Caller(project, lea)
    User.objects.filter(pk=lea.pk).update(is_active=False)

    assert program.get("health").status_code == 401


def test_a_token_knows_no_other_project(project: Project, lea: User) -> None:
    program = Caller(project, lea)
    other = factories.make_member(factories.make_project("Other"), "lea", Role.LEAD)
    assert other == lea

    for slug in ("other", "no-such-project", "%00", "%2e%2e", "x" * 81):
        response = program.client.get(f"/api/v1/projects/{slug}/health", headers=program.headers({}))
        assert response.status_code in (404, 422), slug
        assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("scope", "method", "path"), [
    ("push", "get", "health"), ("read", "post", "items"), ("read", "post", "runs"), ("run", "post", "exports"),
])  # fmt: skip
def test_a_scope_opens_its_own_operations_alone(
    project: Project, lea: User, scope: str, method: str, path: str
) -> None:
    program = Caller(project, lea, scope)
    response = program.get(path) if method == "get" else program.post(path, item(1) if path == "items" else {})

    assert response.status_code == 403
    assert f"(it has: {scope})" in response.json()["detail"]


def test_what_a_person_may_not_do_their_token_may_not(project: Project, tim: User) -> None:
    program = Caller(project, tim)

    assert program.get("health").status_code == 200
    assert program.post("items", item(1)).status_code == 403
    Membership.objects.filter(user=tim).delete()
    assert program.get("health").status_code == 404, "a stranger from now on"


@pytest.mark.parametrize("told", [
    {"name": " "}, {"name": "x" * 81}, {"scopes": []}, {"scopes": ["read", "admin"]}, {"days": 0}, {"days": 367},
])  # fmt: skip
def test_tokens_that_cannot_be_are_refused(project: Project, lea: User, told: dict[str, object]) -> None:
    with pytest.raises(InputError):
        tokens.make(project, lea, **({"name": "x", "scopes": ["read"], "days": 1, "by": lea} | told))  # type: ignore[arg-type]


def test_strangers_get_no_token(project: Project, stranger: User) -> None:
    with pytest.raises(InputError, match="sam is no member of shop-tags"):
        tokens.make(project, stranger, name="x", scopes=["read"], days=1, by=None)


def test_the_allowance_is_told_and_refuses_beyond_it(project: Project, lea: User, settings: LazySettings) -> None:
    settings.API_REQUESTS_A_MINUTE = 3
    program = Caller(project, lea)

    answers = [program.get("health") for _ in range(4)]

    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert [each["RateLimit-Remaining"] for each in answers] == ["2", "1", "0", "0"]
    assert answers[0]["RateLimit-Limit"] == "3"
    assert 1 <= int(answers[3]["Retry-After"]) <= 20, "a third of a minute brings one back"
    assert "at most 3 requests a minute" in answers[3].json()["expected"]


def test_the_allowance_grows_back_steadily(project: Project, lea: User, settings: LazySettings) -> None:
    settings.API_REQUESTS_A_MINUTE = 3
    program = Caller(project, lea)
    assert [program.get("health").status_code for _ in range(4)][-1] == 429

    use = ApiUse.objects.get()
    ApiUse.objects.update(full_at=use.full_at - timedelta(seconds=20))

    assert [program.get("health").status_code for _ in range(2)] == [200, 429]


def test_each_token_has_an_allowance_of_its_own(project: Project, lea: User, settings: LazySettings) -> None:
    settings.API_REQUESTS_A_MINUTE = 1
    first, second = Caller(project, lea), Caller(project, lea)

    assert [first.get("health").status_code for _ in range(2)] == [200, 429]
    assert second.get("health").status_code == 200
