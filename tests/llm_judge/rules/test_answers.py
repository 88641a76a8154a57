from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from judge.rules.scales import Question, ScaleKind, ScaleLabel
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


KEYS = st.sampled_from(
    ["a", "b", "much_a", "much_b", "equal", "weak", "weakly_related", "no", "not_sure", "yes", "good"]
)


@given(
    st.lists(st.tuples(KEYS, st.sampled_from([True, False, None])), min_size=2, max_size=9, unique_by=lambda x: x[0]),
    st.sampled_from(ScaleKind),
)
def test_no_scale_gives_words_that_share_a_first_token(scale: list[tuple[str, bool | None]], kind: ScaleKind) -> None:
    """A token is at least a character: words of different first characters can share none, in any tokenizer."""
    question = Question("q", "?", tuple(ScaleLabel(key, passes) for key, passes in scale), kind)
    words = choose_words(question)
    starts = [word[0].casefold() for word in words.words]
    assert len(set(starts)) == len(scale)
    assert all(word.isascii() for word in words.words)
    assert words.keys == question.label_keys
    assert [words.match(word) for word in words.words] == list(question.label_keys)


def test_the_same_word_twice_is_refused() -> None:
    with pytest.raises(InputError, match='"no" is also the beginning of "no"'):
        AnswerWords((("no", "weak"), ("no", "unsure")))
