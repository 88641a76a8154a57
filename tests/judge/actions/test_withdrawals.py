"""What ends a certificate at once, and what lets one that rested hold again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from judge.actions import cells, judges, judgments, rubrics, withdrawals
from judge.actions.judgments import NewJudgment
from judge.errors import InputError
from judge.models import Decision, Event, JudgeRater, Project, User
from judge.rules.rubrics import RubricRecord
from tests import factories
from tests.judge import proofs


def rubric_with(**changes: str) -> RubricRecord:
    """The cast's rubric; ``changes`` give a criterion another question."""
    record = factories.make_rubric()
    asked = [replace(each, question=changes.get(each.key, each.question)) for each in record.questions]
    return replace(record, questions=tuple(asked))


def test_a_certificate_rests_while_the_rubric_does_not_ask_its_question(project: Project, lea: User) -> None:
    changed, kept = proofs.certify(project, "relevance"), proofs.certify(project, "specificity")
    rubrics.put_in_force(project, rubric_with(relevance="Would they click it?"), by=lea)
    changed.refresh_from_db()
    kept.refresh_from_db()
    assert (changed.state, changed.state_reason) == ("stale", "the rubric in force does not ask this")
    assert kept.state == "certified"
    assert Event.objects.get(verb="certificate stale").subject == f"certificate:{changed.pk}"


def test_it_holds_again_when_the_very_question_is_back(project: Project, lea: User) -> None:
    found = proofs.certify(project, "relevance")
    for _ in range(2):  # a second version without it changes nothing more
        rubrics.put_in_force(project, rubric_with(relevance="Would they click it?"), by=lea)
    assert Event.objects.filter(verb="certificate stale").count() == 1
    rubrics.put_in_force(project, rubric_with(), by=lea)
    found.refresh_from_db()
    assert (found.state, found.state_reason) == ("certified", "")


def test_what_a_lead_withdrew_does_not_come_back_with_the_rubric(project: Project, lea: User) -> None:
    found = proofs.certify(project, "relevance")
    rubrics.put_in_force(project, rubric_with(relevance="Would they click it?"), by=lea)
    assert withdrawals.withdraw(found, "another team answers now", by=lea)
    rubrics.put_in_force(project, rubric_with(), by=lea)
    found.refresh_from_db()
    assert (found.state, found.state_reason) == ("stale", "a lead withdrew it: another team answers now")


def test_withdrawing_twice_is_withdrawing_once_and_needs_a_reason(project: Project, lea: User) -> None:
    found = proofs.certify(project, "relevance")
    with pytest.raises(InputError, match="no reason is given"):
        withdrawals.withdraw(found, "  ", by=lea)
    assert withdrawals.withdraw(found, "x" * 300, by=lea)
    assert not withdrawals.withdraw(found, "again", by=lea)
    assert Event.objects.filter(verb="certificate stale").count() == 1
    found.refresh_from_db()
    assert len(found.state_reason) == 200


def test_certificates_rest_while_another_judge_is_in_force(project: Project, lea: User) -> None:
    found = proofs.certify(project, "relevance")
    first, other = project.judge, proofs.make_judge(project, "other")
    with pytest.raises(InputError, match="has no certificate for relevance"):
        judges.promote(other, by=lea)
    judges.promote(other, by=lea, even_so=True)
    found.refresh_from_db()
    assert (found.state, found.state_reason) == ("stale", "another judge is in force")
    first.project.refresh_from_db()
    judges.promote(first, by=lea)
    found.refresh_from_db()
    assert found.state == "certified"


def test_another_server_ends_the_certificates_of_every_judge_that_seats_the_rater(project: Project, lea: User) -> None:
    mine, panels, others = (
        proofs.certify(project, "relevance"),
        proofs.certify(project, "specificity", judge=proofs.make_judge(project, "panel")),
        proofs.certify(project, "relevance", judge=proofs.make_judge(project, "other")),
    )
    rater = project.judge.seats.get().rater
    JudgeRater.objects.create(judge=panels.judge, rater=rater, position=1)
    assert withdrawals.follow_server(rater, was="vllm 0.32.0", now="vllm 0.33.0") == 2
    for row, state in ((mine, "stale"), (panels, "stale"), (others, "certified")):
        row.refresh_from_db()
        assert row.state == state
    assert mine.state_reason == "the server changed: vllm 0.32.0 → vllm 0.33.0"
    assert withdrawals.follow_server(rater, was="vllm 0.32.0", now="vllm 0.33.0") == 0


def test_judging_goes_on_and_what_arrives_is_routed_to_people(project: Project, lea: User) -> None:
    found = proofs.certify(project, "relevance", threshold=0.8)
    rater = project.judge.seats.get().rater
    first, second = factories.import_items(project, n=2)
    says(rater, first)
    withdrawals.withdraw(found, "the pool of people changed", by=lea)
    says(rater, second)
    routed = Decision.objects.filter(case__criterion=found.criterion).order_by("pk").values_list("route", "reason")
    assert list(routed) == [("accept", "audit"), ("people", "no_certificate")]
    assert cells.of_project(project)[found.criterion_id].state == "stale"


def says(rater: object, item: object) -> None:
    case = factories.cases_of(item)["relevance"]  # type: ignore[arg-type]
    judgments.record([NewJudgment(case.pk, "fits", probs={"fits": 0.95, "weak": 0.05})], rater=rater)  # type: ignore[arg-type]
