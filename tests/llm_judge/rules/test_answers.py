from __future__ import annotations

import pytest

from judge.errors import InputError
from judge.rules.scales import Question, ScaleLabel
from llm_judge.rules.answers import AnswerWords, choose_words, list_answers
from tests.llm_judge.examples import FIT, REASON


def test_two_labels_of_which_one_passes_are_yes_and_no() -> None:
    assert choose_words(FIT).pairs == (("Yes", "fits"), ("No", "weak"))


def test_yes_means_passing_wherever_the_passing_label_stands() -> None:
    turned = Question("q", "?", tuple(reversed(FIT.labels)))
    assert choose_words(turned).pairs == (("No", "weak"), ("Yes", "fits"))


def test_labels_that_share_a_first_token_become_letters() -> None:
    assert choose_words(REASON).words == ("A", "B", "C", "D")


def test_a_preference_has_letters() -> None:
    question = Question("better", "Which?", (ScaleLabel("first", None), ScaleLabel("second", None)))
    assert choose_words(question).words == ("A", "B")


@pytest.mark.parametrize("count", [0, 1, 27])
def test_scales_no_machine_can_answer_are_refused(count: int) -> None:
    labels = tuple(ScaleLabel(f"l{number}", None) for number in range(count))
    with pytest.raises(InputError, match=f"has {count} labels"):
        choose_words(Question("q", "?", labels))


def test_words_that_begin_alike_are_refused() -> None:
    with pytest.raises(InputError, match='"no" is also the beginning of "not sure"'):
        AnswerWords((("no", "weak"), ("not sure", "unsure")))


def test_each_answer_is_explained_on_its_own_line() -> None:
    assert list_answers(FIT.labels, choose_words(FIT)) == "Yes: Fits. the title says so\nNo: Weak"
