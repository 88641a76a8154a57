"""The command judge_items: judges here, says what it did, stops cleanly, and explains what is in the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings

from judge.models import Judgment, Project
from judge.services import state
from llm_judge.models import Endpoint, Run
from tests import factories
from tests.flow.workers import database_url, slow_project, votes, wait_until


def run_command(*words: object) -> str:
    out = StringIO()
    call_command("judge_items", *map(str, words), stdout=out, stderr=StringIO())
    return out.getvalue()


def test_it_judges_everything_and_sums_up(judged_project: Project) -> None:
    factories.import_items(judged_project, n=5)
    said = run_command(judged_project.slug)
    assert "In force: judge 1 (Scripted answers" in said
    assert "done: 10 of 10 cases judged" in said
    assert "0 unscored" in said


def test_a_second_time_there_is_nothing_to_do(judged_project: Project) -> None:
    factories.import_items(judged_project, n=2)
    run_command(judged_project.slug)
    assert "judged already" in run_command(judged_project.slug)
    assert (Judgment.objects.count(), Run.objects.count()) == (4, 1)


def test_a_project_without_a_judge_gets_the_one_that_was_named(project: Project) -> None:
    factories.import_items(project, n=2)
    assert "In force now: judge 1 (Scripted answers" in run_command("Shop tags", "--judge", "scripted", "--limit", 3)
    assert Judgment.objects.count() == 3


def test_unscored_answers_are_counted_by_reason(judged_project: Project, scripted: Endpoint) -> None:
    Endpoint.objects.filter(pk=scripted.pk).update(options={"fail_share": 1.0, "faults": ["off_menu"]})
    factories.import_items(judged_project, n=2)
    assert "4 unscored (4 off menu)" in run_command(judged_project.slug)


def test_trouble_ends_the_command_with_what_is_wrong_and_how_to_go_on(
    judged_project: Project, scripted: Endpoint
) -> None:
    Endpoint.objects.filter(pk=scripted.pk).update(options={"fail_share": 1.0, "faults": ["unauthorized"]})
    factories.import_items(judged_project, n=20)
    with pytest.raises(CommandError, match=r"401: invalid key\nTo go on: manage\.py judge_items machine-tags"):
        run_command(judged_project.slug)
    assert Judgment.objects.count() == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nope"], r'no project "nope" \(expected: machine-tags\)'),
        (["machine-tags", "--limit", "0"], r"--limit 0 \(expected: at least 1\)"),
        (["machine-tags", "--criterion", "taste"], r'no criterion "taste"'),
        (["machine-tags", "--queue"], "No queue is set up here"),
    ],
)
def test_mistakes_are_answered_in_words(judged_project: Project, words: list[str], said: str) -> None:
    factories.import_items(judged_project)
    with override_settings(BROKER_URL=""), pytest.raises(CommandError, match=said):
        run_command(*words)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_ctrl_c_stops_cleanly_and_the_next_call_goes_on() -> None:
    project = slow_project(400)
    pace = Endpoint.objects.filter(name="scripted")
    pace.update(max_in_flight=2)  # twenty seconds for the signal to arrive in
    words = [sys.executable, "manage.py", "judge_items", project.slug]
    environment = os.environ | {"DATABASE_URL": database_url()}
    started = subprocess.Popen(words, cwd=state.CHECKOUT, env=environment, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: votes(project) > 0, "the command judges")
    started.send_signal(signal.SIGINT)
    _, said = started.communicate(timeout=30)
    assert started.returncode == 130, said
    assert f"to go on: manage.py judge_items {project.slug}" in said
    assert "Traceback" not in said
    assert Run.objects.get().status == Run.Status.PAUSED
    assert 0 < votes(project) < 800
    pace.update(max_in_flight=64)
    subprocess.run(words, cwd=state.CHECKOUT, env=environment, check=True, capture_output=True)
    assert votes(project) == 800


def test_a_forecast_is_said_and_nothing_is_started(judged_project: Project) -> None:
    factories.import_items(judged_project, n=4)
    said = run_command(judged_project.slug, "--forecast")
    assert "8 cases, 8 calls" in said
    assert "unknown before a first run" in said
    assert not Run.objects.exists()


def test_a_cap_ends_the_command_with_what_is_left_to_do(judged_project: Project) -> None:
    factories.import_items(judged_project, n=4)
    with pytest.raises(CommandError, match="cap of 10 tokens is reached") as said:
        run_command(judged_project.slug, "--max-tokens", "10")
    assert "stopped at a cap" in str(said.value)
    assert "To go on: manage.py judge_items" in str(said.value)


def test_an_unknown_candidate_is_refused_with_those_there_are(judged_project: Project) -> None:
    factories.import_items(judged_project, n=1)
    with pytest.raises(CommandError, match=r"there is no judge 7 \(expected: 1\)"):
        run_command(judged_project.slug, "--candidate", "7")
