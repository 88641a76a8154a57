"""Trouble: what the case's own fault is, what the server's, and that neither is guessed around nor lost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from django.test import override_settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from judge.actions import projects
from judge.errors import InputError, ServiceError
from judge.formats.rubrics import read_rubric
from judge.models import Decision, Judgment, Project
from llm_judge.actions import answers, batches, calls, runs, setups, sittings
from llm_judge.models import Completion, Endpoint, Run
from tests import factories
from tests.llm_judge.actions.test_runs import judge


def plan(endpoint: Endpoint, share: float, *faults: str) -> None:
    Endpoint.objects.filter(pk=endpoint.pk).update(
        options={"fail_share": share, "faults": list(faults)}, timeout_s=0.05
    )


@pytest.mark.parametrize("fault", ["off_menu", "no_logprobs", "garbage", "too_long"])
def test_an_unusable_answer_is_unscored_at_once_with_its_reason(
    judged_project: Project, scripted: Endpoint, fault: str
) -> None:
    plan(scripted, 1.0, fault)
    factories.import_items(judged_project, n=3)
    run = judge(judged_project)
    reason = {"too_long": "context_too_long"}.get(fault, fault)
    assert set(Judgment.objects.values_list("label", "unscored_reason")) == {(None, reason)}
    assert set(Decision.objects.values_list("reason", flat=True)) == {"unscored"}
    assert sittings.count_unscored(run) == {reason: 6}
    assert Completion.objects.exclude(detail="").count() == 6


def test_a_case_that_meets_a_failing_server_is_asked_again_and_then_set_aside(
    judged_project: Project, scripted: Endpoint
) -> None:
    plan(scripted, 1.0, "stall")
    (item,) = factories.import_items(judged_project)
    case_id = factories.cases_of(item)["relevance"].pk
    run = runs.start(judged_project, by=None, place=Run.Place.COMMAND)
    runs.begin(run)
    for tried in range(1, answers.MAX_TRIES):
        batches.judge_batch(run.pk, [case_id])
        assert (Completion.objects.filter(judgment=None).count(), Judgment.objects.count()) == (tried, 0)
    batches.judge_batch(run.pk, [case_id])
    assert Judgment.objects.get().unscored_reason == "timeout"


def test_a_few_failures_do_not_stop_a_run(judged_project: Project, scripted: Endpoint) -> None:
    plan(scripted, 0.6, "server_error", "reset")
    factories.import_items(judged_project, n=30)
    run = judge(judged_project)
    assert (run.status, run.n_done, Judgment.objects.count()) == (Run.Status.DONE, 60, 60)
    assert Completion.objects.filter(attempts__gt=1).exists()


def test_a_server_that_only_fails_stops_the_run_and_no_case_is_given_up(
    judged_project: Project, scripted: Endpoint
) -> None:
    plan(scripted, 1.0, "rate_limited")
    factories.import_items(judged_project, n=50)
    run = judge(judged_project)
    assert (run.status, Judgment.objects.count()) == (Run.Status.FAILED, 0)
    assert "429" in run.trouble
    plan(scripted, 0.0)
    assert judge(judged_project).n_done == 100


def llm(answer: str = "Yes", status: int = 200) -> Callable[[Request], Response]:
    """A plain OpenAI-compatible server that always says the same."""

    def serve(request: Request) -> Response:
        if request.path.endswith("/models"):
            return Response('{"data": [{"id": "toy"}]}', content_type="application/json")
        if not request.path.endswith("/completions"):
            return Response("{}", status=404)
        top = [{"token": answer, "logprob": -0.1}, {"token": "No", "logprob": -2.4}]
        choice = {"message": {"content": answer}, "logprobs": {"content": [{**top[0], "top_logprobs": top}]}}
        return Response(json.dumps({"choices": [choice]}), status=status, content_type="application/json")

    return serve


@pytest.fixture
def server_project(db: None, httpserver: HTTPServer) -> Project:
    """A project judged by an HTTP server that works at first."""
    httpserver.expect_request(re.compile("/.*")).respond_with_handler(llm())
    project = factories.make_project("By server")
    with override_settings(JUDGE_URL=httpserver.url_for("/v1"), JUDGE_MODEL=""):
        setups.use_server(project)
    return project


def test_the_server_names_its_model_and_judges(server_project: Project) -> None:
    factories.import_items(server_project, n=4)
    run = judge(server_project)
    assert (run.status, run.n_done) == (Run.Status.DONE, 8)
    assert Judgment.objects.filter(case__criterion__key="relevance", label="fits").count() == 4
    assert server_project.judge is not None
    assert "toy" in server_project.judge.name


def test_a_server_that_went_down_loses_nothing_and_a_later_run_completes(
    server_project: Project, httpserver: HTTPServer
) -> None:
    factories.import_items(server_project, n=4)
    address = httpserver.host, httpserver.port
    httpserver.stop()
    run = judge(server_project)
    assert (run.status, Judgment.objects.count(), Completion.objects.count()) == (Run.Status.FAILED, 0, 0)
    assert f"{address[0]}:{address[1]}" in run.trouble
    assert "Is it running" in run.trouble
    httpserver.start()
    assert judge(server_project).n_done == 8


def test_a_server_that_dies_in_mid_run_loses_nothing(server_project: Project, httpserver: HTTPServer) -> None:
    factories.import_items(server_project, n=4)
    first = runs.start(server_project, by=None, limit=2, place=Run.Place.COMMAND)
    runs.begin(first)
    batches.judge_batch(first.pk, next(runs.batches(first)))
    httpserver.stop()
    run = judge(server_project)
    assert (run.status, run.n_done, Judgment.objects.count()) == (Run.Status.FAILED, 0, 2)
    assert Completion.objects.filter(judgment=None).count() == 0
    httpserver.start()
    judge(server_project)
    assert Judgment.objects.count() == 8


def test_a_missing_key_is_said_by_its_variable_and_never_shown(
    server_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    Endpoint.objects.filter(name="server").update(api_key_variable="SHOP_KEY")
    factories.import_items(server_project)
    run = judge(server_project)
    assert "SHOP_KEY, which is not set" in run.trouble
    calls.close()
    monkeypatch.setenv("SHOP_KEY", "sk-very-secret")
    assert judge(server_project).status == Run.Status.DONE
    assert "sk-very-secret" not in str([*Completion.objects.values(), *Endpoint.objects.values()])


def test_a_server_that_cannot_be_asked_puts_no_judge_in_force(db: None) -> None:
    project = factories.make_project("Down")
    with override_settings(JUDGE_URL="http://127.0.0.1:9/v1"), pytest.raises(ServiceError, match=r"127\.0\.0\.1:9"):
        projects.set_up_judge(project, "server", by=None)
    assert project.judge is None


def test_without_an_address_the_error_names_the_variable(db: None) -> None:
    project = factories.make_project("Nowhere")
    with override_settings(JUDGE_URL=""), pytest.raises(ServiceError, match="Set JUDGE_URL"):
        projects.set_up_judge(project, "server", by=None)


def test_a_criterion_that_the_rater_cannot_judge_is_refused_before_the_run(judged_project: Project) -> None:
    labels = ", ".join(f"{{key: l{i}, passes: {i > 0}}}" for i in range(27))
    rubric = read_rubric(f"name: many\ncriteria: [{{key: many, question: Which one, scale: [{labels}]}}]", filename="m")
    project = factories.make_project("Too many", rubric=rubric)
    setups.use_scripted(project)
    factories.import_items(project)
    with pytest.raises(InputError, match="2 to 26 labels"):
        runs.start(project, by=None)


def test_words_that_postgres_cannot_hold_are_kept_as_marks() -> None:
    assert answers.storable("a\0b\ud800c") == "a\N{REPLACEMENT CHARACTER}b?c"
    assert len(answers.storable("x" * 1_000_000)) == answers.LONGEST
