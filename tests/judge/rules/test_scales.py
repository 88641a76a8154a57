from __future__ import annotations

import pytest

from judge.errors import InputError
from judge.rules.scales import Question, ScaleKind, ScaleLabel, depends_on_order, expected_score, mirror, side_of

GRADES = (ScaleLabel("excellent", True), ScaleLabel("good", True), ScaleLabel("fair", False), ScaleLabel("bad", False))


def prefer(*keys: str) -> Question:
    return Question("better", "Which?", tuple(ScaleLabel(key, None) for key in keys), ScaleKind.PREFERENCE)


def test_expected_score_is_the_mean_place_between_worst_and_best() -> None:
    # .5·1 + .2·2/3 + .2·1/3 + .1·0 = .5 + .1333 + .0667 = .7
    probs = {"excellent": 0.5, "good": 0.2, "fair": 0.2, "bad": 0.1}
    assert expected_score(probs, Question("q", "?", GRADES, ScaleKind.GRADED)) == pytest.approx(0.7)


def test_expected_score_is_the_same_whichever_way_the_scale_is_written() -> None:
    probs = {"excellent": 0.5, "good": 0.2, "fair": 0.2, "bad": 0.1}
    assert expected_score(probs, Question("q", "?", GRADES[::-1], ScaleKind.GRADED)) == pytest.approx(0.7)


def test_expected_score_of_two_labels_is_the_chance_to_pass() -> None:
    question = Question("q", "?", (ScaleLabel("no", False), ScaleLabel("yes", True)))
    assert expected_score({"no": 0.3, "yes": 0.7}, question) == pytest.approx(0.7)


@pytest.mark.parametrize("kind", [ScaleKind.NOMINAL, ScaleKind.PREFERENCE])
def test_labels_without_an_order_have_no_expected_score(kind: ScaleKind) -> None:
    assert expected_score({"excellent": 1.0}, Question("q", "?", GRADES, kind)) is None


def test_an_unscored_answer_has_no_expected_score() -> None:
    assert expected_score({}, Question("q", "?", GRADES, ScaleKind.GRADED)) is None


@pytest.mark.parametrize(
    ("keys", "turned"),
    [
        (("a", "b"), ("b", "a")),
        (("a", "b", "equal"), ("b", "a", "equal")),
        (("a_better", "tie", "b_better"), ("b_better", "tie", "a_better")),
        (("much_a", "a", "same", "b", "much_b"), ("much_b", "b", "same", "a", "much_a")),
        (("first", "second", "neither"), ("second", "first", "neither")),
        (("left", "right"), ("right", "left")),
        (("better-a", "better-b"), ("better-b", "better-a")),
    ],
)
def test_sides_are_read_off_the_keys(keys: tuple[str, ...], turned: tuple[str, ...]) -> None:
    assert tuple(mirror(prefer(*keys)).values()) == turned


@pytest.mark.parametrize("keys", [("old", "new"), ("a", "equal"), ("much_a", "b"), ("equal", "same")])
def test_labels_that_do_not_say_which_output_they_mean_are_refused(keys: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match=r'criterion "better" does not say.*labels such as a, b and equal'):
        mirror(prefer(*keys))


def test_an_article_inside_a_word_is_no_side() -> None:
    assert (side_of("bad"), side_of("a_better"), side_of("second"), side_of("tie")) == ("", "a", "b", "")


@pytest.mark.parametrize(
    ("by_order", "expected"),
    [
        ({"ab": {"a": 0.9, "b": 0.1}, "ba": {"a": 0.6, "b": 0.4}}, False),
        ({"ab": {"a": 0.9, "b": 0.1}, "ba": {"a": 0.4, "b": 0.6}}, True),
        ({"ab": {"a": 0.9, "b": 0.1}}, False),
        ({}, False),
    ],
)
def test_orders_that_disagree_are_seen(by_order: dict[str, dict[str, float]], expected: bool) -> None:
    assert depends_on_order(by_order) is expected
