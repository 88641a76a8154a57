from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.rules.scales import Question, ScaleKind, ScaleLabel
from judge.rules.tiers import tier, top_mark

GRADES = (ScaleLabel("excellent", True), ScaleLabel("good", True), ScaleLabel("bad", False))
FOUR = [Question(key, "?", GRADES, ScaleKind.GRADED) for key in ("relevance", "factuality", "clarity", "safety")]
BETTER = Question("better", "Which?", (ScaleLabel("a", None), ScaleLabel("b", None)), ScaleKind.PREFERENCE)


def labels(*marks: str | None) -> dict[str, str | None]:
    return {question.key: mark for question, mark in zip(FOUR, marks, strict=True)}


@pytest.mark.parametrize(
    ("marks", "tau", "expected"),
    [
        (("excellent",) * 4, 0.5, "S"),
        (("excellent", "excellent", "good", "good"), 0.5, "S"),  # 2/4 = .5, not below
        (("excellent", "good", "good", "good"), 0.5, "A"),  # 1/4 = .25
        (("excellent", "good", "good", "good"), 0.25, "S"),
        (("excellent", "excellent", "excellent", "good"), 1.0, "A"),  # 3/4 < 1
        (("excellent", "excellent", "excellent", "bad"), 0.0, "B"),
        (("good",) * 4, 0.0, "S"),  # a share of 0 asks for no top mark
        (("excellent", "excellent", "excellent", None), 0.5, None),
        (("excellent", None, None, "bad"), 0.5, "B"),  # nothing can make up for a failure
    ],
)
def test_tiers_by_hand(marks: tuple[str | None, ...], tau: float, expected: str | None) -> None:
    assert tier(labels(*marks), FOUR, tau) == expected


def test_binary_criteria_have_one_top_mark() -> None:
    fits = Question("fits", "?", (ScaleLabel("no", False), ScaleLabel("yes", True)))
    assert (tier({"fits": "yes"}, [fits], 0.5), tier({"fits": "no"}, [fits], 0.5)) == ("S", "B")


def test_scale_may_be_written_from_worst_to_best() -> None:
    assert top_mark(Question("q", "?", GRADES[::-1], ScaleKind.GRADED)) == "excellent"


def test_classes_without_an_order_have_a_top_mark_if_one_alone_passes() -> None:
    classes = (ScaleLabel("unrelated", False), ScaleLabel("related", True), ScaleLabel("invented", False))
    assert top_mark(Question("q", "?", classes, ScaleKind.NOMINAL)) == "related"
    assert top_mark(Question("q", "?", (*classes, ScaleLabel("also", True)), ScaleKind.NOMINAL)) is None


def test_preferences_do_not_count() -> None:
    assert tier({**labels(*["excellent"] * 4), "better": "a"}, [*FOUR, BETTER], 1.0) == "S"
    assert tier({"better": "a"}, [BETTER], 0.5) is None
    assert tier({}, [], 0.5) is None


@given(st.lists(st.sampled_from(["excellent", "good", "bad", None]), min_size=4, max_size=4), st.floats(0, 1))
def test_a_better_mark_never_lowers_the_tier(marks: list[str | None], tau: float) -> None:
    order = ["B", "A", "S"]
    before = tier(labels(*marks), FOUR, tau)
    after = tier(labels("excellent", *marks[1:]), FOUR, tau)
    assert before is None or after is None or order.index(after) >= order.index(before)
