"""Whether a judge leans, where it is known how it does."""

from __future__ import annotations

from typing import Any

import pytest

from judge.actions import judgments
from judge.actions.judgments import NewJudgment
from judge.models import Case, Item, Project
from llm_judge.actions import probes
from tests import factories
from tests.judge import proofs
from tests.llm_judge.probed import make_pairs, make_world
from tests.summaries import counted

pytestmark = pytest.mark.django_db


def effects(project: Project) -> dict[str, dict[str, Any]]:
    (told,) = counted(project, probes.NAME)["judges"]
    return {f"{each['probe']} {each['value_of']}".strip(): each for each in told["effects"]}


def missing(project: Project) -> dict[str, str]:
    (told,) = probes.measure(project)["judges"]
    assert [each["probe"] for each in told["missing"] if each["why"] == "not_asked"] == ["padding", "brand_swap"]
    return {each["probe"]: each["why"] for each in told["missing"] if each["why"] != "not_asked"}


def test_a_lean_towards_length_is_measured_with_its_examples() -> None:
    # weak ones: it lets every second long one pass (places 1, 5, 9, …) and no short one; good ones all pass.
    # Of each cell half: (½ · 20 + 0 · 20) / 40
    project = make_world(40, lambda is_long, is_good, place: is_good or (is_long and place % 4 == 1))
    found = effects(project)["length"]
    assert found["value"] == pytest.approx(0.25)
    assert (found["n"], found["n_other"], found["n_contexts"]) == (40, 40, 40)
    assert 0 < found["low"] < 0.25 < found["high"]
    assert found["holds"]
    for one, other in found["examples"]:
        assert (one["passes"], other["passes"], one["is_good"], other["is_good"]) == (True, False, False, False)
        assert one["name"].split("-")[0] == other["name"].split("-")[0], "of one context"


def test_a_judge_that_errs_everywhere_alike_does_not_lean() -> None:
    found = effects(make_world(40, lambda is_long, is_good, place: is_good ^ (place % 5 == 0)))["length"]
    assert (found["value"], found["low"], found["high"], found["holds"]) == (0.0, 0.0, 0.0, False)


def test_certify_and_open_cases_never_enter_and_audited_ones_do() -> None:
    project = make_world(40, lambda is_long, is_good, place: is_good or is_long)
    assert effects(project)["length"]["n"] == 40
    Item.objects.filter(project=project, identity__startswith="1-").update(stream="certify")
    assert effects_now(project)["n"] == 39
    Item.objects.filter(project=project, identity__startswith="2-").update(stream="open")
    assert effects_now(project)["n"] == 38
    audit(project, "2-")
    assert effects_now(project)["n"] == 39


def effects_now(project: Project) -> dict[str, Any]:
    (told,) = probes.measure(project)["judges"]
    return next(each for each in told["effects"] if each["probe"] == "length")


def audit(project: Project, prefix: str) -> None:
    from judge.models import Decision

    for case in Case.objects.filter(item__project=project, item__identity__startswith=prefix):
        Decision.objects.create(
            case=case, route="accept", reason="certified", people_wanted=0, judge=project.judge, policy=project.policy,
            confidence=0.9, threshold=0.8, is_audited=True, audit_probability=0.5,
            certificate=proofs.certify(project, case.criterion.key, state="stale"),
        )  # fmt: skip


def test_what_first_place_is_worth_is_read_off_both_orders() -> None:
    found = effects(make_pairs(25, favour=0.4))["position"]
    assert found["value"] == pytest.approx(0.4)
    assert (found["n"], found["n_other"]) == (25, 0)
    assert found["examples"][0][0]["by_order"] == {"ab": "a", "ba": "b"}
    assert found["holds"]


def test_pairs_without_favour_show_none() -> None:
    found = effects(make_pairs(25, favour=0.0))["position"]
    assert (found["value"], found["holds"]) == (0.0, False)


def test_what_cannot_be_told_says_why(project: Project) -> None:
    assert counted(project, probes.NAME) == {"judges": []}
    few = make_world(10, lambda is_long, is_good, place: is_good, name="Few")
    assert missing(few) == {
        "length": "too_few", "language": "one_kind", "self": "one_kind", "generator": "one_kind", "brand": "one_kind",
        "popularity": "one_kind",
    }  # fmt: skip
    assert missing(make_pairs(3, favour=0.4)) == {"position": "too_few"}


def test_one_class_and_odd_numbers_are_no_error() -> None:
    project = make_world(25, lambda is_long, is_good, place: True, name="One", meta={"popularity": "NaN", "brand": "x"})
    assert effects(project)["length"]["value"] == 0.0
    assert "popularity" in missing(project)


def test_unscored_verdicts_leave_nothing_to_compare() -> None:
    project = factories.make_project("Unscored")
    factories.import_items(project, n=30, per_context=1)
    Item.objects.update(stream="train")
    from tests.llm_judge.probed import seat

    seat(project)
    assert project.judge is not None
    new = [NewJudgment(case.pk, None, unscored_reason="off_menu") for case in Case.objects.all()]
    judgments.record(new, rater=project.judge.seats.get().rater)
    assert effects(project) == {}
    assert missing(project) == {}
