"""A recording brings back an earlier run's answers, marked as such, and never those of another judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from judge.actions import judges, judgments
from judge.actions.judgments import NewJudgment
from judge.errors import InputError
from judge.models import Case, Decision, Judgment, JudgmentText, Project, Rater
from llm_judge.actions import raters, recordings, setups
from llm_judge.models import Completion
from tests import factories
from tests.llm_judge.actions.test_runs import judge

MARKER = "MARKER-7f3a the tag is what tent people look for"


@pytest.fixture
def twin(db: None) -> Project:
    """Another project with the same items and the same judge, unjudged."""
    project = factories.make_project("Twin")
    setups.use_scripted(project)
    factories.import_items(project, n=4)
    return project


@pytest.fixture
def recording(judged_project: Project, tmp_path: Path) -> Path:
    factories.import_items(judged_project, n=4)
    judge(judged_project)
    path = tmp_path / "answers.jsonl"
    assert recordings.write(judged_project, path) == 8
    return path


def answers_of(project: Project) -> list[tuple[object, ...]]:
    rows = Judgment.objects.filter(case__project=project).order_by("case__item__identity", "case__criterion__key")
    return list(rows.values_list("case__item__identity", "case__criterion__key", "label", "probs", "outside_mass"))


def test_a_replay_says_what_the_run_said_and_where_it_comes_from(
    recording: Path, twin: Project, judged_project: Project
) -> None:
    assert recordings.replay(twin, recording) == recordings.Replayed(8, 0, 0, 0)
    assert answers_of(twin) == answers_of(judged_project)
    (origin,) = set(Judgment.objects.filter(case__project=twin).values_list("origin", flat=True))
    assert origin.startswith("recorded run of 20")
    assert Decision.objects.filter(case__project=twin, reason="no_certificate").count() == 8


def test_a_replay_twice_adds_nothing(recording: Path, twin: Project) -> None:
    recordings.replay(twin, recording)
    assert recordings.replay(twin, recording) == recordings.Replayed(0, 8, 0, 0)
    assert len(answers_of(twin)) == 8


def test_skipped_items_are_left_for_a_live_run(recording: Path, twin: Project) -> None:
    assert recordings.replay(twin, recording, skip_items={"item-1", "item-2"}).n_skipped == 4
    assert judge(twin).n_done == 4
    live = Judgment.objects.filter(case__project=twin, origin="")
    assert set(live.values_list("case__item__identity", flat=True)) == {"item-1", "item-2"}


def test_items_that_the_project_lacks_are_counted(recording: Path) -> None:
    small = factories.make_project("Small")
    setups.use_scripted(small)
    factories.import_items(small, n=1)
    assert recordings.replay(small, recording) == recordings.Replayed(2, 0, 6, 0)


def test_answers_of_another_configuration_are_refused(recording: Path, twin: Project) -> None:
    other = Rater.objects.create(
        kind="machine", name="another", configuration_hash="f" * 64, configuration={"model": "another"}
    )
    judges.put_in_force(twin, [other], name="another", by=None)
    with pytest.raises(InputError, match=r"of another judge.*Record them anew"):
        recordings.replay(twin, recording)
    assert answers_of(twin) == []


@pytest.mark.parametrize("broken", ["", "[]\n", "<html>\n"])
def test_a_file_that_is_no_recording_is_refused_with_its_line(twin: Project, tmp_path: Path, broken: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(broken)
    with pytest.raises(InputError, match=r"broken\.jsonl, line 1"):
        recordings.replay(twin, path)


def test_a_rationale_stands_in_its_own_erasable_row_and_nowhere_else(
    judged_project: Project, twin: Project, tmp_path: Path
) -> None:
    factories.import_items(judged_project, n=4)
    assert judged_project.judge is not None
    (rater,) = raters.seated(judged_project.judge)
    case = Case.objects.filter(project=judged_project, criterion__key="relevance").earliest("pk")
    judgments.record([NewJudgment(case.pk, "fits", probs={"fits": 1.0, "weak": 0.0}, rationale=MARKER)], rater=rater)
    path = tmp_path / "rationale.jsonl"
    recordings.write(judged_project, path)
    recordings.replay(twin, path)
    assert JudgmentText.objects.filter(rationale=MARKER).count() == 2
    everything = [*Judgment.objects.values(), *Completion.objects.values(), *Decision.objects.values()]
    assert "MARKER-7f3a" not in str(everything)
