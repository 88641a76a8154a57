from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_judge.rules.answers import AnswerWords
from llm_judge.rules.probabilities import logistic, most_probable, normalise, share_mass

YES_NO = AnswerWords((("Yes", "fits"), ("No", "weak")))
LETTERS = AnswerWords((("A", "good"), ("B", "fair"), ("C", "bad")))
TOKENS = (
    st.sampled_from([" Yes", "yes", "Y", "No", " no", "n", "A", " B", "c", "", " ", "\n", "Not", "maybe"]) | st.text()
)


@given(st.lists(st.tuples(TOKENS, st.floats())), st.sampled_from([YES_NO, LETTERS]))
def test_probabilities_sum_to_one_whatever_the_server_says(
    alternatives: list[tuple[str, float]], words: AnswerWords
) -> None:
    found = normalise(share_mass(alternatives, words))
    if found is not None:
        probs, outside = found
        assert math.isclose(math.fsum(probs.values()), 1.0, abs_tol=1e-9)
        assert all(0.0 <= share <= 1.0 for share in probs.values())
        assert 0.0 <= outside <= 1.0
        assert tuple(probs) == words.keys


def test_every_way_to_begin_a_word_counts() -> None:
    # fits: " Yes" .4 + "yes" .1 + "Y" .05 = .55; weak: " No" .2; "Not" and "\n" are nobody's
    listed = {" Yes": 0.4, "yes": 0.1, "Y": 0.05, " No": 0.2, "Not": 0.1, "\n": 0.15}
    masses = share_mass([(token, math.log(share)) for token, share in listed.items()], YES_NO)
    assert masses == pytest.approx({"fits": 0.55, "weak": 0.2})


def test_a_beginning_of_two_words_is_nobodys() -> None:
    words = AnswerWords((("weakly", "w"), ("weird", "x")))
    assert words.match("we") is None
    assert words.match("wea") == "w"


def test_a_small_letter_is_no_answer_letter() -> None:
    """After a colon, " a" is the article far more often than the answer."""
    assert LETTERS.match(" A") == "good"
    assert LETTERS.match(" a") is None


def test_a_token_listed_twice_counts_once() -> None:
    assert share_mass([("Yes", math.log(0.5)), ("Yes", math.log(0.5))], YES_NO)["fits"] == pytest.approx(0.5)


def test_masked_tokens_have_no_mass() -> None:
    assert share_mass([("Yes", -9999.0), ("No", 0.0)], YES_NO) == {"fits": 0.0, "weak": 1.0}


def test_no_mass_on_any_label_is_no_answer() -> None:
    assert normalise({"fits": 0.0, "weak": 0.0}) is None


def test_equals_go_to_the_first_of_the_scale() -> None:
    assert most_probable({"fits": 0.5, "weak": 0.5}) == "fits"


@pytest.mark.parametrize(("log_odds", "expected"), [(0.0, 0.5), (1e6, 1.0), (-1e6, 0.0), (math.log(3), 0.75)])
def test_logistic_has_no_edge(log_odds: float, expected: float) -> None:
    assert logistic(log_odds) == pytest.approx(expected)
