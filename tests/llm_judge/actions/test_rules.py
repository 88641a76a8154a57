"""The newer scoring rules through a whole run: what they found out stands in the rows."""

from __future__ import annotations

import pytest

from judge.actions import judges
from judge.models import Judgment, Project
from judge.rules.rubrics import RubricRecord
from llm_judge.actions import endpoints, raters, sittings
from llm_judge.models import Run
from llm_judge.rules.configuration import RaterConfiguration, ScoringRule
from llm_judge.rules.templates import shipped_for
from tests import factories
from tests.llm_judge.examples import BETTER, make_rater

PAIR = {"id": "p1", "context": "likes tents", "output": {"a": "A tent for two.", "b": "A gnome."}}


def seat(project: Project, configuration: RaterConfiguration) -> None:
    endpoint = endpoints.ensure(endpoints.SCRIPTED)
    rater = raters.find_or_make(configuration, name="Tried", endpoint=endpoint)
    judges.put_in_force(project, [rater], name="Tried", by=None)


def judge(project: Project) -> Run:
    *_, last = sittings.judge_here(project, by=None)
    last.run.refresh_from_db()
    return last.run


def test_rationale_of_a_machine_is_kept_with_its_judgment(project: Project) -> None:
    seat(project, make_rater(ScoringRule.REASONED))
    factories.import_items(project)
    judge(project)
    for row in Judgment.objects.select_related("text", "completion"):
        assert row.text.rationale.startswith("No model gave these reasons")
        assert row.completion.raw_text.startswith(row.text.rationale)
        assert sum(row.probs.values()) == pytest.approx(1.0)


def test_votes_are_judged_without_log_probabilities(project: Project) -> None:
    seat(project, make_rater(ScoringRule.SAMPLED))
    factories.import_items(project)
    run = judge(project)
    assert (run.n_done, run.n_unscored) == (2, 0)
    assert all(0 < share < 1 for row in Judgment.objects.all() for share in row.probs.values())


@pytest.fixture
def pairs(db: None) -> Project:
    return factories.make_project("Pairs", rubric=RubricRecord("pairs", (BETTER,), task="pairwise"))


def test_pair_keeps_what_was_said_in_each_order(pairs: Project) -> None:
    seat(pairs, make_rater(template=shipped_for(ScoringRule.CHOICE, compares=True)))
    factories.import_items(pairs, lines=[PAIR])
    run = judge(pairs)
    row = Judgment.objects.get()
    assert (run.n_done, run.n_unscored) == (1, 0)
    assert set(row.by_order) == {"ab", "ba"}
    for label in BETTER.label_keys:
        assert row.probs[label] == pytest.approx((row.by_order["ab"][label] + row.by_order["ba"][label]) / 2)


def test_one_output_under_a_preference_goes_to_people_unscored(db: None) -> None:
    project = factories.make_project("Mixed", rubric=RubricRecord("mixed", (BETTER,)))
    seat(project, make_rater())
    factories.import_items(project)
    judge(project)
    row = Judgment.objects.get()
    assert (row.label, row.unscored_reason) == (None, "not_a_pair")
    assert row.case.stage == "people"
