"""The page Endpoints: leads add public servers, admins any; keys are named, never typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from judge.models import Project, User
from llm_judge.actions import drafts, endpoints, placements, setups
from llm_judge.models import Endpoint
from tests import factories
from tests.judge.views import stories

Browse = Callable[[User], Client]


def page(project: Project) -> str:
    return reverse("endpoints", args=[project.slug])


def typed(**changes: Any) -> dict[str, Any]:
    figures = {"max_in_flight": 8, "timeout_s": 30, "weight": 1, "price_in": 0.5, "price_out": 2}
    return {"name": "team", "base_url": "http://93.184.215.14:8000/v1", "model": "m", **figures, **changes}


def test_a_lead_adds_a_public_server(project: Project, lea: User, browse: Browse) -> None:
    text = browse(lea).post(page(project), typed(), follow=True).text
    assert "team was added." in text
    added = Endpoint.objects.get(name="team")
    assert (added.kind, added.is_trusted, added.price_out, added.max_in_flight) == ("openai", False, 2.0, 8)
    assert "0.50 / 2.00" in text


@pytest.mark.parametrize(("changes", "says"), [
    ({"base_url": "http://127.0.0.1:8000/v1"}, ""), ({"base_url": "http://169.254.169.254/"}, ""),
    ({"base_url": "file:///etc/passwd"}, ""), ({"base_url": "http://10.0.0.1/"}, ""),
    ({"api_key_variable": "DATABASE_URL"}, "is no variable for a key"),
    ({"name": "embedded"}, "there is an endpoint"), ({"max_in_flight": 0}, "greater than or equal to 1"),
    ({"name": ""}, "This field is required."),
])  # fmt: skip
def test_what_a_lead_may_not_add_is_refused_beside_its_field(
    project: Project, lea: User, browse: Browse, changes: dict[str, Any], says: str
) -> None:
    response = browse(lea).post(page(project), typed(**changes))
    assert response.status_code == 400
    assert says in response.text
    assert "field__errors" in response.text
    assert not Endpoint.objects.filter(kind="openai").exists()


def test_an_admin_may_name_an_address_inside_the_network(project: Project, root: User, browse: Browse) -> None:
    browse(root).post(page(project), typed(base_url="http://10.0.0.5:8000/v1"))
    assert Endpoint.objects.get(name="team").is_trusted


def test_adding_twice_adds_once(project: Project, lea: User, browse: Browse) -> None:
    client = browse(lea)
    client.post(page(project), typed())
    assert client.post(page(project), typed()).status_code == 400
    assert Endpoint.objects.filter(name="team").count() == 1


def test_a_click_asks_a_server_what_it_is(project: Project, lea: User, browse: Browse) -> None:
    scripted, down = endpoints.ensure("scripted"), endpoints.add("down", "http://127.0.0.1:9/v1", by=None)
    client = browse(lea)
    assert "It answers: scripted 1, model scripted" in client.post(look(project, scripted)).text
    assert "http://127.0.0.1:9" in client.post(look(project, down)).text
    assert client.get(look(project, scripted)).status_code == 405


def look(project: Project, endpoint: Endpoint) -> str:
    return reverse("look_at_endpoint", args=[project.slug, endpoint.pk])


def place(project: Project, endpoint: Endpoint) -> str:
    return reverse("place_rater", args=[project.slug, endpoint.pk])


@pytest.fixture
def second(project: Project) -> Endpoint:
    """A second endpoint of scripted answers, beside the one where the project's rater is asked."""
    setups.use_scripted(project)
    return Endpoint.objects.create(name="second", kind="scripted", is_trusted=True)


def test_an_admin_gives_a_rater_a_second_endpoint_and_takes_it_away(
    project: Project, second: Endpoint, root: User, browse: Browse
) -> None:
    (rater,) = placements.offered(project)
    client = browse(root)
    assert "Ask it here too" in client.get(page(project)).text
    for _ in range(2):  # twice is once
        text = client.post(place(project, second), {"rater": rater.pk, "do": "attach"}, follow=True).text
        assert "is asked at second too." in text
        assert [each.name for each in rater.endpoints.order_by("pk")] == ["scripted", "second"]
    text = client.post(place(project, second), {"rater": rater.pk, "do": "detach"}, follow=True).text
    assert "is not asked at second." in text
    (last,) = rater.endpoints.all()
    text = client.post(place(project, last), {"rater": rater.pk, "do": "detach"}, follow=True).text
    assert "is asked nowhere else" in text
    assert rater.endpoints.count() == 1
    assert client.get(place(project, second)).status_code == 405
    assert client.post(place(project, second), {"rater": rater.pk, "do": "else"}).status_code == 400


def test_a_lead_sees_where_a_rater_is_asked_and_cannot_change_it(
    project: Project, second: Endpoint, lea: User, browse: Browse
) -> None:
    (rater,) = placements.offered(project)
    client = browse(lea)
    text = client.get(page(project)).text
    assert rater.name in text
    assert place(project, second) not in text
    for wish in ("attach", "detach"):
        assert client.post(place(project, second), {"rater": rater.pk, "do": wish}).status_code == 403
    assert [each.name for each in rater.endpoints.all()] == ["scripted"]


def test_raters_of_other_projects_are_neither_shown_nor_taken(
    project: Project, second: Endpoint, root: User, browse: Browse
) -> None:
    other = factories.make_project("Elsewhere")
    theirs = drafts.make_candidate(
        other, replace(setups.scripted_configuration(), max_examples=3), endpoint=second, by=root, name="PLANTED-92"
    )
    client = browse(root)
    assert "PLANTED-92" not in client.get(page(project)).text
    rater = theirs.seats.get().rater
    assert client.post(place(project, second), {"rater": rater.pk, "do": "detach"}).status_code == 400
    assert rater.endpoints.count() == 1


def test_no_key_ever_stands_on_the_page(
    project: Project, lea: User, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COJUDGE_KEY_TEAM", "PLANTED-KEY-91")
    added = endpoints.add("team", "http://127.0.0.1:9/v1", api_key_variable="COJUDGE_KEY_TEAM", by=None)
    client = browse(lea)
    for text in (client.get(page(project)).text, client.post(look(project, added)).text):
        assert "COJUDGE_KEY_TEAM" in text
        assert "PLANTED-KEY" not in text


@pytest.mark.parametrize("name", ["ann", "ada", "tim"])
def test_only_leads_come_in(project: Project, name: str, browse: Browse, request: pytest.FixtureRequest) -> None:
    client, scripted = browse(request.getfixturevalue(name)), endpoints.ensure("scripted")
    assert client.get(page(project)).status_code == 403
    assert client.post(page(project), typed()).status_code == 403
    assert client.post(look(project, scripted)).status_code == 403
    assert client.post(place(project, scripted), {"do": "attach"}).status_code == 403
    assert not Endpoint.objects.filter(name="team").exists()


def test_hostile_text_stays_text(project: Project, lea: User, browse: Browse) -> None:
    Endpoint.objects.create(name=stories.HOSTILE, kind="openai", model=stories.HOSTILE, base_url=stories.HOSTILE)
    assert "<script>alert" not in browse(lea).get(page(project)).text


def test_many_endpoints_take_as_many_queries_as_one(
    project: Project, lea: User, browse: Browse, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    Endpoint.objects.bulk_create(Endpoint(name=f"e{n}", kind="openai") for n in range(30))
    client = browse(lea)
    with django_assert_max_num_queries(8):  # type: ignore[attr-defined]
        client.get(page(project))
