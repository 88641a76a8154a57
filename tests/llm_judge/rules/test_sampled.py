from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from llm_judge.rules.answers import AnswerWords
from llm_judge.rules.configuration import Decoding, ScoringRule
from llm_judge.rules.reading import count_votes
from llm_judge.rules.records import CompletionResult, Scored, Unscored
from llm_judge.rules.scoring import conclude, plan_calls
from tests.llm_judge.examples import make_case, make_rater

LETTERS = AnswerWords((("A", "good"), ("B", "fair"), ("C", "bad")))


def votes(*texts: str) -> list[CompletionResult]:
    return [CompletionResult(text, ()) for text in texts]


def test_every_vote_is_a_call_with_a_seed_of_its_own_and_no_log_probabilities() -> None:
    rater = make_rater(ScoringRule.SAMPLED, decoding=Decoding(temperature=0.7, samples=5, seed=10))
    calls = plan_calls(make_case(), rater)
    assert [call.seed for call in calls] == [10, 11, 12, 13, 14]
    assert {(call.temperature, call.top_logprobs, call.answers) for call in calls} == {(0.7, 0, ("Yes", "No"))}
    assert len({call.messages for call in calls}) == 1


def test_shares_of_votes_are_smoothed() -> None:
    # Yes 4, No 1 of 5, K = 2: (4 + .5) / (5 + 1) = .75
    answer = conclude(make_case(), make_rater(ScoringRule.SAMPLED), votes("Yes", "Yes", "No", "Yes", "Yes"))
    assert isinstance(answer, Scored)
    assert answer.probs == pytest.approx({"fits": 0.75, "weak": 0.25})
    assert (answer.label, answer.outside_mass) == ("fits", 0.0)


def test_votes_off_the_menu_are_outside_mass() -> None:
    # A 2, B 1, one for nobody, K = 3: A (2 + .5) / (3 + 1.5) = .5556
    answer = count_votes(votes("A", "B", "A", "Both"), LETTERS)
    assert isinstance(answer, Scored)
    assert answer.probs == pytest.approx({"good": 2.5 / 4.5, "fair": 1.5 / 4.5, "bad": 0.5 / 4.5})
    assert answer.outside_mass == pytest.approx(0.25)


@pytest.mark.parametrize("texts", [("A", "who knows"), ("", "", ""), ("A", "B", "?", "?")])
def test_without_a_majority_of_usable_votes_the_case_is_unscored(texts: tuple[str, ...]) -> None:
    answer = count_votes(votes(*texts), LETTERS)
    assert isinstance(answer, Unscored)
    assert answer.reason == "off_menu"
    assert f"of {len(texts)} votes name a label" in answer.detail


@pytest.mark.parametrize("text", ["B", " B\n", "**B**", "B.", "(B)", "“B”", "B。"])
def test_decoration_around_a_vote_is_no_other_vote(text: str) -> None:
    answer = count_votes(votes(text), LETTERS)
    assert isinstance(answer, Scored)
    assert answer.label == "fair"


@pytest.mark.parametrize("text", ["A good tag", "b", "A or B", "Answer: B", "AB"])
def test_a_sentence_is_no_vote(text: str) -> None:
    assert isinstance(count_votes(votes(text), LETTERS), Unscored)


@given(st.lists(st.sampled_from(["A", "B", "C", "hm"]), min_size=1, max_size=30))
def test_probabilities_are_never_certain_and_follow_the_votes(texts: list[str]) -> None:
    answer = count_votes(votes(*texts), LETTERS)
    if isinstance(answer, Scored):
        counted = Counter(texts)
        assert math.isclose(math.fsum(answer.probs.values()), 1.0)
        assert all(0.0 < share < 1.0 for share in answer.probs.values())
        assert counted[LETTERS.word_of(answer.label)] == max(counted[word] for word in LETTERS.words)
        assert answer.outside_mass == pytest.approx(counted["hm"] / len(texts))


@pytest.mark.parametrize(
    ("decoding", "said"),
    [
        (Decoding(temperature=1.0), "sampled asks for 1 votes"),
        (Decoding(samples=5), "sampled at temperature 0 asks the same thing 5 times"),
    ],
)
def test_votes_that_could_not_differ_are_refused(decoding: Decoding, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make_rater(ScoringRule.SAMPLED, decoding=decoding)
