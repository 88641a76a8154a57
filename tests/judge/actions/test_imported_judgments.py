"""Answers given elsewhere: who answered, and what follows for the cases."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from judge.actions import judges, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.formats.reading import Rejected
from judge.models import AgreedLabel, Decision, Item, Judgment, Project, Rater, User, Verdict
from judge.rules.stages import Stage
from tests import factories
from tests.judge.bringing import bring, machine_project, model_says, relevance, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(project: Project) -> Item:
    (item,) = factories.import_items(project)
    return item


def test_raters_are_known_by_name_and_kind_and_have_an_origin(project: Project, item: Item) -> None:
    report = bring(project, [say("item-0", "Ann", "fits"), model_says("item-0", "Ann", "weak")])
    assert (report.n_taken, report.n_people, report.n_machines) == (2, 1, 1)
    assert set(Rater.objects.values_list("kind", "name", "origin", "project", "configuration", "user")) == {
        ("person", "Ann", "import", project.pk, None, None),
        ("machine", "Ann", "import", project.pk, None, None),
    }
    assert set(Judgment.objects.values_list("purpose", "origin")) == {("imported", "import: file.jsonl")}


def test_everything_that_was_told_is_kept(project: Project, item: Item) -> None:
    told = {
        "probs": {"weak": 0.8, "fits": 0.2},
        "confidence": 0.7,
        "rationale": "因为",
        "at": "2026-03-01T10:00:00+08:00",
    }
    bring(project, [model_says("item-0", "gpt", "weak", **told)])
    row = Judgment.objects.select_related("text").get()
    assert (row.label, row.probs, row.confidence) == ("weak", {"fits": 0.2, "weak": 0.8}, 0.7)
    assert row.text is not None
    assert row.text.rationale == "因为"
    assert row.created_at.isoformat() == "2026-03-01T02:00:00+00:00"


def test_the_same_file_twice_adds_nothing(project: Project, item: Item) -> None:
    lines = [say("item-0", "Ann", "fits"), say("item-0", "Ben", "fits"), model_says("item-0", "gpt", None)]
    bring(project, lines)
    again = bring(project, lines)
    assert (again.n_taken, again.n_known, again.n_agreed) == (0, 3, 0)
    assert Judgment.objects.count() == 3
    assert AgreedLabel.objects.count() == 1


def test_a_line_that_stands_twice_in_a_file_counts_once(project: Project, item: Item) -> None:
    report = bring(project, [say("item-0", "Ann", "fits"), say("item-0", "Ann", "fits")])
    assert (report.n_taken, report.n_known) == (1, 1)


def test_postgres_refuses_a_second_imported_answer_of_the_same_rater(project: Project, item: Item) -> None:
    bring(project, [say("item-0", "Ann", "fits")])
    row = Judgment.objects.get()
    with pytest.raises(IntegrityError, match="judgment_one_imported_per_case_and_rater"):
        Judgment.objects.create(
            case_id=row.case_id, criterion_id=row.criterion_id, rater_id=row.rater_id, label="weak", purpose="imported"
        )


def test_lines_that_cannot_be_taken_are_told_and_the_others_go_in(project: Project, item: Item) -> None:
    problems: list[Rejected] = []
    lines = [
        say("item-0", "Ann", "fits"),
        say("item-9", "Ann", "fits"),
        say("item-0", "Ann", "weak"),
        say("item-0", "Ben", "gud"),
    ]
    report = bring(project, lines, problems=problems)
    assert (report.n_read, report.n_taken, report.n_known, report.n_rejected) == (4, 1, 0, 3)
    assert {each.number: each.problem for each in problems} == {
        2: 'line 2: item "item-9" is not in this project (expected: an item that was imported)',
        3: 'line 3: "Ann" gave item "item-0" another answer before (expected: fits, or another name for the rater)',
        4: 'line 4: label "gud" is not in relevance (expected: fits, weak)',
    }
    assert all("item" in each.raw_excerpt for each in problems)


def test_an_answer_that_changed_since_the_last_import_is_refused(project: Project, item: Item) -> None:
    bring(project, [say("item-0", "Ann", "fits")])
    problems: list[Rejected] = []
    report = bring(project, [say("item-0", "Ann", "weak")], problems=problems)
    assert (report.n_taken, report.n_rejected) == (0, 1)
    assert Judgment.objects.get().label == "fits"


def test_items_of_another_project_are_not_found(project: Project, item: Item) -> None:
    other = factories.make_project("Elsewhere")
    problems: list[Rejected] = []
    bring(other, [say("item-0", "Ann", "fits")], problems=problems)
    assert len(problems) == 1


# What people's answers do to a case


def test_two_imported_people_who_agree_settle_an_open_case(project: Project, item: Item) -> None:
    report = bring(project, [say("item-0", "Ann", "fits"), say("item-0", "Ben", "fits")])
    case, label = relevance(item), AgreedLabel.objects.get()
    assert report.n_agreed == 1
    assert (label.case_id, label.label, label.basis, label.n_people) == (case.pk, "fits", "consensus", 2)
    assert case.stage == Stage.AGREED
    assert Decision.objects.filter(case=case).latest("pk").reason == "imported"


def test_a_case_that_waits_for_its_judge_is_settled_too_and_the_judge_may_still_speak() -> None:
    project = machine_project()
    (item,) = factories.import_items(project)
    bring(project, [say("item-0", "Ann", "weak"), say("item-0", "Ben", "weak")])
    case = relevance(item)
    assert case.stage == Stage.AGREED
    judgments.record(
        [NewJudgment(case.pk, "fits", probs={"fits": 0.9, "weak": 0.1})], rater=Rater.objects.get(name="m")
    )
    case.refresh_from_db()
    assert (case.stage, Verdict.objects.get().label) == (Stage.AGREED, "fits"), "a pair for calibration"


@pytest.mark.parametrize("labels", [["fits"], ["fits", "weak"], ["fits", None]])
def test_one_answer_or_a_split_leaves_the_case_to_people_here(
    project: Project, item: Item, labels: list[str | None]
) -> None:
    bring(project, [say("item-0", f"p{n}", label) for n, label in enumerate(labels)])
    assert relevance(item).stage == Stage.PEOPLE
    assert not AgreedLabel.objects.exists()


def test_a_policy_of_one_person_takes_one_imported_answer() -> None:
    project = factories.make_project("Quick", one_person_labels=True, overlap=1)
    factories.import_items(project)
    bring(project, [say("item-0", "Ann", "fits")])
    assert AgreedLabel.objects.get().basis == "single"


def test_imported_answers_are_no_votes_of_people_here(project: Project, item: Item, ann: User) -> None:
    bring(project, [say("item-0", "Ben", "fits")])
    judgments.record([NewJudgment(relevance(item).pk, "fits")], rater=projects.rater_of(ann), by=ann)
    assert not AgreedLabel.objects.exists(), "one vote here and one from elsewhere are not two votes"


def test_a_case_that_people_here_have_answered_is_left_alone(project: Project, item: Item, ann: User) -> None:
    judgments.record([NewJudgment(relevance(item).pk, "weak")], rater=projects.rater_of(ann), by=ann)
    bring(project, [say("item-0", name, "fits") for name in ("x", "y", "z")])
    assert not AgreedLabel.objects.exists()


def test_more_answers_from_elsewhere_settle_the_case_anew(project: Project, item: Item) -> None:
    bring(project, [say("item-0", "Ann", "fits"), say("item-0", "Ben", "fits")])
    bring(project, [say("item-0", "Cleo", "weak")])
    assert AgreedLabel.objects.get(status="live").n_people == 3
    bring(project, [say("item-0", "Dan", "weak")])
    case = relevance(item)
    assert not AgreedLabel.objects.filter(status="live").exists(), "two against two agree on nothing"
    assert (case.stage, case.people_wanted > 0) == (Stage.PEOPLE, True)


@pytest.mark.parametrize("stream", ["certify", "gold"])
def test_without_the_declaration_answers_settle_nothing_that_measures_the_judge(stream: str) -> None:
    project = factories.make_project("Measured", **{f"{stream}_rate": 1.0})
    (item,) = factories.import_items(project)
    bring(project, [say("item-0", name, "fits") for name in ("x", "y", "z")])
    assert (item.stream, relevance(item).stage) == (stream, Stage.PEOPLE)


# Machines


def test_answers_of_machines_from_elsewhere_make_verdicts_of_a_panel(project: Project, item: Item) -> None:
    names = ("gpt", "qwen", "llama")
    bring(project, [model_says("item-0", name, "fits") for name in names])
    panel = judges.make(project, list(Rater.objects.filter(kind="machine")), name="panel", by=None)
    verdict = Verdict.objects.get(judge=panel)
    assert (verdict.label, verdict.doubt) == ("fits", "")
    assert verdict.probs["fits"] == pytest.approx(0.75), "a bare label is one vote and half a vote for each label"


def test_later_answers_reach_the_judges_that_seat_their_raters(project: Project) -> None:
    factories.import_items(project, n=2)
    bring(project, [model_says("item-0", name, "fits") for name in ("gpt", "qwen")])
    panel = judges.make(project, list(Rater.objects.filter(kind="machine")), name="panel", by=None)
    bring(project, [model_says("item-1", "gpt", "fits"), model_says("item-1", "qwen", "weak")])
    assert set(Verdict.objects.filter(judge=panel).values_list("case__item__identity", "doubt")) == {
        ("item-0", ""),
        ("item-1", "judges_disagree"),
    }
