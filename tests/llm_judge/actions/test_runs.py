"""The loop: what is planned, judged once, written, routed, and left for another time."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from judge.actions import judgments, projects
from judge.actions.judgments import NewJudgment
from judge.errors import InputError
from judge.models import Case, Decision, Judgment, Project, Role, Verdict
from judge.rules.stages import Stage
from llm_judge.actions import batches, raters, runs, sittings
from llm_judge.models import Completion, Endpoint, Run
from tests import factories


def judge(project: Project, **options: object) -> Run:
    """Judge what is left, here; the finished run."""
    *_, last = sittings.judge_here(project, by=None, **options)  # type: ignore[arg-type]
    last.run.refresh_from_db()
    return last.run


def test_every_case_is_judged_and_goes_to_people_since_nothing_is_certified(judged_project: Project) -> None:
    factories.import_items(judged_project, n=20)
    run = judge(judged_project)
    assert (run.status, run.n_done, run.n_unscored) == (Run.Status.DONE, 40, 0)
    assert Judgment.objects.count() == Verdict.objects.count() == Completion.objects.count() == 40
    assert Counter(Decision.objects.values_list("route", "reason")) == {("people", "no_certificate"): 40}
    assert set(Case.objects.values_list("stage", flat=True)) == {Stage.PEOPLE}


def test_streams_are_the_reason_where_an_item_was_drawn_into_one(db: None) -> None:
    project = factories.make_project("Streams", train_rate=0.5, certify_rate=0.25, gold_rate=0.25)
    projects.set_up_judge(project, "scripted", by=None)
    factories.import_items(project, n=30)
    judge(project)
    expected = Counter(f"{stream}_stream" for stream in Case.objects.values_list("item__stream", flat=True))
    assert Counter(Decision.objects.values_list("reason", flat=True)) == expected


def test_probabilities_sum_to_one_and_the_mass_outside_is_kept(judged_project: Project) -> None:
    factories.import_items(judged_project)
    judge(judged_project)
    row = Judgment.objects.filter(case__criterion__key="relevance").get()
    assert sum(row.probs.values()) == pytest.approx(1.0)
    assert set(row.probs) == {"fits", "weak"}
    assert 0 < row.outside_mass < 0.1


def test_judging_again_adds_nothing(judged_project: Project) -> None:
    factories.import_items(judged_project, n=5)
    run = judge(judged_project)
    again = batches.judge_batch(run.pk, list(Case.objects.values_list("pk", flat=True)))
    assert not again.is_wanted
    with pytest.raises(InputError, match="every case"):
        runs.start(judged_project, by=None)
    assert (Judgment.objects.count(), Run.objects.count()) == (10, 1)


def test_the_same_batch_twice_is_judged_once(judged_project: Project) -> None:
    factories.import_items(judged_project, n=5)
    run = runs.start(judged_project, by=None)
    runs.begin(run)
    (case_ids,) = runs.batches(run)
    assert (batches.judge_batch(run.pk, case_ids).n_judged, Judgment.objects.count()) == (10, 10)
    Run.objects.filter(pk=run.pk).update(status=Run.Status.RUNNING, finished_at=None)
    assert batches.judge_batch(run.pk, case_ids).n_judged == 0
    assert (Judgment.objects.count(), Completion.objects.count()) == (10, 10)


def test_a_plan_is_frozen_what_comes_later_waits_for_the_next_run(judged_project: Project) -> None:
    factories.import_items(judged_project, n=2)
    run = runs.start(judged_project, by=None)
    factories.import_items(judged_project, lines=[{"id": "late", "context": "c", "output": "o"}])
    assert (run.n_planned, runs.remaining(run).count(), runs.count_left(judged_project)) == (4, 4, 6)


def test_a_limit_takes_the_oldest_cases(judged_project: Project) -> None:
    factories.import_items(judged_project, n=10)
    run = judge(judged_project, limit=7)
    oldest = list(Case.objects.order_by("pk").values_list("pk", flat=True)[:7])
    assert sorted(Judgment.objects.values_list("case_id", flat=True)) == oldest
    assert run.n_planned == 7


def test_only_the_wanted_criterion_is_judged(judged_project: Project) -> None:
    factories.import_items(judged_project, n=3)
    assert judge(judged_project, criteria=("specificity",)).n_planned == 3
    with pytest.raises(InputError, match=r'no criterion "taste" \(expected: relevance, specificity\)'):
        runs.start(judged_project, by=None, criteria=("taste",))


def test_cases_of_one_criterion_and_context_are_sent_side_by_side(judged_project: Project) -> None:
    factories.import_items(judged_project, lines=[
        {"id": f"i{i}", "context": f"context {i % 3}", "output": f"output {i}"} for i in range(9)
    ])  # fmt: skip
    run = runs.start(judged_project, by=None)
    order = [case_id for batch in runs.batches(run, size=4) for case_id in batch]
    places = {case.pk: (case.criterion_id, case.item.context_id) for case in Case.objects.select_related("item")}
    switches = sum(places[a] != places[b] for a, b in pairwise(order))
    assert (len(order), switches) == (18, 5)


def test_a_person_who_answered_already_does_not_keep_the_judge_away(db: None) -> None:
    project = factories.make_project("People first")
    ann = factories.make_member(project, "ann", Role.ANNOTATOR)
    (item,) = factories.import_items(project)
    case = factories.cases_of(item)["relevance"]
    judgments.record([NewJudgment(case.pk, "fits")], rater=projects.rater_of(ann), by=ann)
    projects.set_up_judge(project, "scripted", by=None)
    assert judge(project).n_done == 2
    assert Verdict.objects.filter(case=case).exists()


def test_what_was_erased_is_not_sent_to_a_model(judged_project: Project) -> None:
    gone, _ = factories.import_items(judged_project, n=2)
    type(gone).objects.filter(pk=gone.pk).update(erased_at=gone.imported_at, output=None)
    assert judge(judged_project).n_done == 2
    assert not Judgment.objects.filter(case__item=gone).exists()


def test_a_second_start_waits_for_the_workers_and_replaces_a_run_that_nobody_works_on(judged_project: Project) -> None:
    factories.import_items(judged_project, n=2)
    first = runs.start(judged_project, by=None)
    with pytest.raises(InputError, match=r"run \d+ of .* is under way"):
        runs.start(judged_project, by=None)
    runs.steer(first, "pause", by=factories.make_user("lea"))
    second = runs.start(judged_project, by=None)
    first.refresh_from_db()
    assert (first.status, second.n_planned) == (Run.Status.CANCELLED, 4)


def test_a_cancelled_run_stops_between_two_chunks(judged_project: Project, scripted: Endpoint) -> None:
    Endpoint.objects.filter(pk=scripted.pk).update(max_in_flight=1, options={"latency_s": 0.03})
    factories.import_items(judged_project, n=200)
    sitting = sittings.judge_here(judged_project, by=None)
    run = next(sitting).run
    runs.end(run, Run.Status.CANCELLED)
    list(sitting)
    assert 0 < Judgment.objects.count() < 400
    assert Judgment.objects.count() == Run.objects.get(pk=run.pk).n_done


def test_two_configurations_are_two_raters_and_the_same_one_is_one(judged_project: Project) -> None:
    other = factories.make_project("Another")
    projects.set_up_judge(other, "scripted", by=None)
    assert judged_project.judge is not None
    assert other.judge is not None
    assert raters.seated(judged_project.judge) == raters.seated(other.judge)


def test_a_project_without_a_judge_says_what_to_do(db: None) -> None:
    with pytest.raises(InputError, match=r"no judge in force\. Run: manage.py judge_items"):
        runs.start(factories.make_project("Nobody"), by=None)
