"""What people's votes amount to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.rules.routing import PolicyTerms
from judge.rules.settling import Basis, Outcome, Settlement, Vote, settle, soft_label
from judge.rules.streams import Stream

LABELS = ("yes", "no", "maybe")
SKIP, FLAG = Vote(None), Vote(None, is_flag=True)


def settled(*answers: str | Vote, wanted: int = 2, stream: Stream = Stream.OPEN, **policy: object) -> Settlement:
    votes = [answer if isinstance(answer, Vote) else Vote(answer) for answer in answers]
    return settle(votes, labels=LABELS, people_wanted=wanted, stream=stream, policy=PolicyTerms(**policy))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "wanted", "outcome", "label"),
    [
        ((), 2, Outcome.WAIT, None),
        (("yes",), 2, Outcome.WAIT, None),
        (("yes", "yes"), 2, Outcome.AGREED, "yes"),
        (("yes", "no"), 2, Outcome.MORE, None),
        (("yes", "no", "yes"), 3, Outcome.AGREED, "yes"),
        (("yes", "no", "maybe"), 3, Outcome.ADJUDICATE, None),
        (("yes", "yes"), 3, Outcome.AGREED, "yes"),  # a third, already asked, could not change it
        (("yes", "no"), 3, Outcome.WAIT, None),
        (("yes", FLAG), 2, Outcome.ADJUDICATE, None),
        ((SKIP, SKIP), 2, Outcome.WAIT, None),
        ((SKIP, SKIP, SKIP), 2, Outcome.ADJUDICATE, None),  # as many skipped as could be asked
        (("yes", "yes", SKIP), 2, Outcome.AGREED, "yes"),
    ],
)
def test_outcomes_with_three_people_at_most(
    answers: tuple[str | Vote, ...], wanted: int, outcome: Outcome, label: str | None
) -> None:
    result = settled(*answers, wanted=wanted)
    assert (result.outcome, result.label) == (outcome, label)


def test_one_person_is_enough_only_where_the_policy_says_so() -> None:
    assert settled("yes", wanted=1, one_person_labels=True).basis is Basis.SINGLE
    assert settled("yes", wanted=2).outcome is Outcome.WAIT
    assert settled("yes", wanted=2, stream=Stream.CERTIFY, one_person_labels=True).outcome is Outcome.WAIT


def test_certify_cases_ask_three_even_where_the_overlap_is_two() -> None:
    assert settled("yes", "no", overlap=2).outcome is Outcome.ADJUDICATE
    assert settled("yes", "no", overlap=2, stream=Stream.CERTIFY).outcome is Outcome.MORE


def test_gold_is_adjudicated_whatever_the_votes() -> None:
    assert settled("yes", "yes", stream=Stream.GOLD).outcome is Outcome.ADJUDICATE
    assert settled("yes", stream=Stream.GOLD).outcome is Outcome.WAIT


answers = st.lists(st.sampled_from([*map(Vote, LABELS), SKIP, FLAG]), max_size=7)


@given(answers, st.integers(2, 5), st.sampled_from(Stream))
def test_an_agreed_label_always_has_a_strict_majority_of_two_or_more(
    votes: list[Vote], wanted: int, stream: Stream
) -> None:
    result = settle(votes, labels=LABELS, people_wanted=wanted, stream=stream, policy=PolicyTerms(overlap=5))
    given = [vote.label for vote in votes if vote.label]
    if result.outcome is Outcome.AGREED:
        assert given.count(result.label or "") > len(given) / 2
        assert given.count(result.label or "") >= 2
        assert result.p_wrong is not None
        assert 0 <= result.p_wrong < 0.5
    else:
        assert result.label is None
        assert result.basis is None


@given(answers, st.integers(2, 5))
def test_the_order_of_answers_does_not_matter(votes: list[Vote], wanted: int) -> None:
    one, other = (
        settle(order, labels=LABELS, people_wanted=wanted, stream=Stream.OPEN, policy=PolicyTerms())
        for order in (votes, votes[::-1])
    )
    assert (one.outcome, one.label) == (other.outcome, other.label)


def test_soft_label_by_hand() -> None:
    # three labels: C[k|k] = 4/6, C[l|k] = 1/6; answers yes, yes, no
    # q(yes) ∝ 4·4·1 = 16, q(no) ∝ 1·1·4 = 4, q(maybe) ∝ 1 → 16/21, 4/21, 1/21
    soft = soft_label(["yes", "yes", "no"], LABELS)
    assert soft == pytest.approx({"yes": 16 / 21, "no": 4 / 21, "maybe": 1 / 21})
