"""The page Judging: for leads; it starts runs, shows how they fare, and says plainly what the judge is worth."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from judge.models import Judgment, Project, User
from llm_judge.actions import runs, setups
from llm_judge.models import Endpoint, Run
from tests import factories
from tests.llm_judge.actions.test_runs import judge
from tests.llm_judge.views.test_judges import make_candidate

Browse = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def machine_project(project: Project) -> Project:
    """The cast's own project, with the scripted judge in force and four cases."""
    setups.use_scripted(project)
    factories.import_items(project, n=2)
    return project


def page(project: Project) -> str:
    return reverse("runs", args=[project.slug])


def test_a_lead_sees_the_judge_in_words_and_that_it_is_not_trusted(
    machine_project: Project, lea: User, browse: Browse
) -> None:
    text = browse(lea).get(page(machine_project)).content.decode()
    assert "Scripted answers: scripted, choice" in text
    assert "asked for one label, held to the menu" in text
    assert "none is accepted by itself" in text
    assert "No model is behind scripted answers" in text
    assert "Judge 4 cases" in text


def test_without_a_judge_the_page_offers_one(project: Project, lea: User, browse: Browse) -> None:
    text = browse(lea).get(page(project)).content.decode()
    assert "No judge is in force" in text
    assert "Embedded model" in text


@pytest.mark.parametrize("name", ["ann", "ada", "tim"])
def test_only_leads_come_in(
    machine_project: Project, name: str, browse: Browse, request: pytest.FixtureRequest
) -> None:
    client = browse(request.getfixturevalue(name))
    assert client.get(page(machine_project)).status_code == 403
    assert client.post(reverse("start_run", args=[machine_project.slug])).status_code == 403
    assert not Run.objects.exists()


def test_a_stranger_finds_no_such_page(machine_project: Project, stranger: User, browse: Browse) -> None:
    client = browse(stranger)
    run = runs.start(machine_project, by=None)
    assert client.get(page(machine_project)).status_code == 404
    assert client.post(reverse("start_run", args=[machine_project.slug])).status_code == 404
    assert client.post(reverse("steer_run", args=[machine_project.slug, run.pk]), {"wish": "cancel"}).status_code == 404
    run.refresh_from_db()
    assert run.is_live


def test_starting_and_steering_take_a_post(machine_project: Project, lea: User, browse: Browse) -> None:
    client = browse(lea)
    assert client.get(reverse("start_run", args=[machine_project.slug])).status_code == 405
    assert client.get(reverse("steer_run", args=[machine_project.slug, 1])).status_code == 405


@override_settings(BROKER_URL="")
def test_without_a_queue_the_button_says_so_and_the_plan_is_kept(
    machine_project: Project, lea: User, browse: Browse
) -> None:
    start = reverse("start_run", args=[machine_project.slug])
    text = browse(lea).post(start, {"limit": 3}, follow=True).content.decode()
    assert "No queue is set up here" in text
    assert (Run.objects.get().n_planned, Run.objects.get().by) == (3, lea)


@override_settings(BROKER_URL="")
def test_a_double_click_starts_one_run(machine_project: Project, lea: User, browse: Browse) -> None:
    start, client = reverse("start_run", args=[machine_project.slug]), browse(lea)
    client.post(start)
    assert "is under way (" in client.post(start, follow=True).content.decode()
    assert Run.objects.count() == 1


@pytest.mark.parametrize("limit", ["0", "-3", "many"])
def test_a_number_of_cases_that_is_none_is_refused(
    machine_project: Project, lea: User, browse: Browse, limit: str
) -> None:
    start = reverse("start_run", args=[machine_project.slug])
    assert "cannot be read" in browse(lea).post(start, {"limit": limit}, follow=True).content.decode()
    assert not Run.objects.exists()


def test_a_run_that_moves_is_asked_for_again_and_one_that_ended_is_not(
    machine_project: Project, lea: User, browse: Browse
) -> None:
    run, client = runs.start(machine_project, by=lea), browse(lea)
    assert 'hx-trigger="every 2s"' in client.get(page(machine_project)).content.decode()
    fragment = client.get(page(machine_project), headers=HTMX)
    assert (fragment.status_code, b"<html" in fragment.content) == (200, False)
    runs.end(run, Run.Status.CANCELLED)
    assert client.get(page(machine_project), headers=HTMX).status_code == 286
    assert "hx-trigger" not in client.get(page(machine_project)).content.decode()


def test_a_lead_pauses_resumes_and_cancels(machine_project: Project, lea: User, browse: Browse) -> None:
    run, client = runs.start(machine_project, by=lea), browse(lea)
    steer = reverse("steer_run", args=[machine_project.slug, run.pk])
    for wish, status in [("pause", "paused"), ("resume", "queued"), ("cancel", "cancelled"), ("resume", "cancelled")]:
        client.post(steer, {"wish": wish})
        run.refresh_from_db()
        assert run.status == status
    assert client.post(steer, {"wish": "explode"}).status_code == 400


def test_unscored_answers_are_shown_by_reason_with_an_example(
    machine_project: Project, lea: User, browse: Browse
) -> None:
    Endpoint.objects.filter(name="scripted").update(options={"fail_share": 1.0, "faults": ["off_menu"]})
    judge(machine_project)
    text = browse(lea).get(page(machine_project)).content.decode()
    assert "the answer is not one of the labels" in text
    assert "the model wrote &quot;perhaps&quot;" in text
    assert "4 of 4 judged, 4 unscored" in text
    assert Judgment.objects.filter(label=None).count() == 4


def test_trouble_stands_on_the_page(machine_project: Project, lea: User, browse: Browse) -> None:
    run = runs.start(machine_project, by=lea)
    Run.objects.filter(pk=run.pk).update(trouble="The model server at http://gpu:8000/ did not answer.")
    text = browse(lea).get(page(machine_project)).content.decode()
    assert "http://gpu:8000/ did not answer." in text
    assert "Nothing is lost" in text


def test_a_model_cannot_write_markup_into_the_page(machine_project: Project, lea: User, browse: Browse) -> None:
    judge(machine_project)
    (done,) = Run.objects.all()
    done.completions.update(error_kind="off_menu", detail="<script>alert(1)</script>")
    text = browse(lea).get(page(machine_project)).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_the_page_takes_as_many_queries_for_many_runs_as_for_one(
    machine_project: Project, lea: User, browse: Browse, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for _ in range(6):
        runs.end(runs.start(machine_project, by=lea), Run.Status.CANCELLED)
    client = browse(lea)
    with django_assert_max_num_queries(14):  # type: ignore[attr-defined]
        client.get(page(machine_project))


def test_a_run_is_foreseen_before_it_is_started(machine_project: Project, lea: User, browse: Browse) -> None:
    chosen = {"criteria": "relevance", "limit": 1, "max_tokens": 5000}
    text = browse(lea).get(reverse("new_run", args=[machine_project.slug]), chosen).text
    assert "Judge 1 case</button>" in text
    assert 'name="max_tokens" value="5000"' in text
    assert "Nobody knows the time yet" in text
    assert not Run.objects.exists()


@override_settings(BROKER_URL="")
def test_what_was_foreseen_is_what_is_started(machine_project: Project, lea: User, browse: Browse) -> None:
    sent = {"candidate": machine_project.judge_id, "criteria": "relevance", "limit": 1, "max_tokens": 5000,
            "max_cost": 2.5, "max_minutes": 3}  # fmt: skip
    browse(lea).post(reverse("start_run", args=[machine_project.slug]), sent)
    run = Run.objects.get()
    assert (run.n_planned, run.max_tokens, run.max_cost, run.max_minutes) == (1, 5000, 2.5, 3.0)
    text = browse(lea).get(page(machine_project)).text
    assert "(cap 5,000)" in text
    assert "(cap 2.50)" in text
    assert "at most 3 minutes" in text


def test_a_forecast_beyond_a_cap_says_so(machine_project: Project, lea: User, browse: Browse) -> None:
    text = browse(lea).get(reverse("new_run", args=[machine_project.slug]), {"max_tokens": 1}).text
    assert "will stop at a cap" in text


@override_settings(BROKER_URL="")
def test_a_candidate_runs_beside_the_judge_in_force(machine_project: Project, lea: User, browse: Browse) -> None:
    candidate = make_candidate(machine_project, lea)
    browse(lea).post(reverse("start_run", args=[machine_project.slug]), {"candidate": candidate.pk})
    text = browse(lea).get(page(machine_project)).text
    assert Run.objects.get().judge == candidate
    assert "(not in force)" in text


@pytest.mark.parametrize("wrong", [{"candidate": 99_999}, {"max_tokens": "0"}, {"max_cost": "-1"}, {"criteria": "x"}])
def test_what_cannot_be_run_is_refused_in_words(
    machine_project: Project, lea: User, browse: Browse, wrong: dict[str, object]
) -> None:
    client = browse(lea)
    assert "expected:" in client.post(reverse("start_run", args=[machine_project.slug]), wrong, follow=True).text
    assert client.get(reverse("new_run", args=[machine_project.slug]), wrong).status_code == 200
    assert not Run.objects.exists()


def test_nothing_left_is_said_where_the_forecast_would_stand(
    machine_project: Project, lea: User, browse: Browse
) -> None:
    judge(machine_project)
    assert "has judged every case" in browse(lea).get(reverse("new_run", args=[machine_project.slug])).text


def test_forecasts_are_for_leads_and_take_a_get(machine_project: Project, lea: User, ann: User, browse: Browse) -> None:
    address = reverse("new_run", args=[machine_project.slug])
    assert browse(ann).get(address).status_code == 403
    assert browse(lea).post(address).status_code == 405
