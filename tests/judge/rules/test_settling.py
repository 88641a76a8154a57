"""What people's votes amount to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.rules.routing import PolicyTerms
from judge.rules.settling import Basis, Outcome, Settlement, Vote, settle
from judge.rules.skills import UNKNOWN, Skills, prior_mean
from judge.rules.streams import Stream

LABELS = ("yes", "no", "maybe")
SKIP, FLAG = Vote(None), Vote(None, is_flag=True)


def settled(
    *answers: str | Vote,
    wanted: int = 2,
    stream: Stream = Stream.OPEN,
    is_reference: bool = False,
    prior: dict[str, float] | None = None,
    skills: Skills = UNKNOWN,
    **policy: object,
) -> Settlement:
    votes = [answer if isinstance(answer, Vote) else Vote(answer) for answer in answers]
    return settle(
        votes, labels=LABELS, people_wanted=wanted, stream=stream, policy=PolicyTerms(**policy),  # type: ignore[arg-type]
        is_reference=is_reference, prior=prior, skills=skills,
    )  # fmt: skip


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


def test_cases_that_measure_a_judge_ask_three_whatever_the_policy() -> None:
    for overlap in (2, 5):
        assert settled("yes", "no", overlap=overlap, is_reference=True).outcome is Outcome.MORE
        assert settled("yes", "no", "maybe", wanted=3, overlap=overlap, is_reference=True).outcome is Outcome.ADJUDICATE
    assert settled("yes", wanted=1, one_person_labels=True, is_reference=True).outcome is Outcome.MORE
    assert settled("yes", "yes", is_reference=True).outcome is Outcome.AGREED, "a third could not change it"


#: Whoever agrees is right eight times in ten, says the gold stream: too rarely for two people, and for one.
DOUBTFUL = Skills(calibration={1: [(0.5, 0.8)], 2: [(0.5, 0.8)], 3: [(0.5, 0.8)]})
#: Sure, and wrong more often than right.
WRONG = Skills(calibration={2: [(0.5, 0.4)], 3: [(0.5, 0.4)]})
SURE = Skills(calibration={2: [(0.5, 0.95)]})


@pytest.mark.parametrize(
    ("answers", "wanted", "skills", "outcome"),
    [
        (("yes", "yes"), 2, SURE, Outcome.AGREED),
        (("yes", "yes"), 2, DOUBTFUL, Outcome.DOUBTED),
        (("yes", "yes"), 3, DOUBTFUL, Outcome.WAIT),  # the third has been asked already
        (("yes", "yes", "no"), 3, DOUBTFUL, Outcome.AGREED),  # nobody is left to ask: the majority stands
        (("yes", "yes", "no"), 3, WRONG, Outcome.ADJUDICATE),  # unless it is likelier wrong than right
        (("yes", "no"), 2, SURE, Outcome.MORE),
        (("yes", "no", "maybe"), 3, SURE, Outcome.ADJUDICATE),
        (("yes", "yes", "yes"), 3, SURE, Outcome.AGREED),  # three are not calibrated: as before calibration
    ],
)
def test_where_q_is_calibrated_two_people_and_a_sure_label_are_final(
    answers: tuple[str, ...], wanted: int, skills: Skills, outcome: Outcome
) -> None:
    assert settled(*answers, wanted=wanted, skills=skills).outcome is outcome


def test_a_doubted_single_answer_asks_a_second_person_where_the_policy_allows_one() -> None:
    assert settled("yes", wanted=1, one_person_labels=True, skills=DOUBTFUL).outcome is Outcome.DOUBTED
    assert settled("yes", wanted=1, one_person_labels=True, skills=SURE).basis is Basis.SINGLE


def test_before_calibration_q_finalises_nothing_and_hinders_nothing() -> None:
    against = {"yes": 0.001, "no": 0.998, "maybe": 0.001}
    agreed = settled("yes", "yes", prior=against)
    assert agreed.outcome is Outcome.AGREED
    assert agreed.label == "yes", "a label that nobody gave is never chosen"
    # q ∝ yes .001·16, no .998·1, maybe .001·1 → 16/1015
    assert agreed.soft["yes"] == pytest.approx(16 / 1015)
    assert settled("no", prior=against).outcome is Outcome.WAIT, "one person and a sure machine are not final"


def test_a_calibrated_label_is_stored_as_the_gold_stream_found_it() -> None:
    agreed = settled("yes", "yes", "no", wanted=3, skills=DOUBTFUL)
    # raw: yes 16, no 4, maybe 1; yes becomes .8, the others share .2 as 4 : 1
    assert agreed.soft == pytest.approx({"yes": 0.8, "no": 0.16, "maybe": 0.04})
    assert agreed.p_wrong == pytest.approx(0.2)


@pytest.mark.parametrize(("stream", "is_reference"), [(Stream.CERTIFY, False), (Stream.OPEN, True)])
def test_cases_that_measure_a_judge_hear_neither_the_judge_nor_skills(stream: Stream, is_reference: bool) -> None:
    guessing = Skills({7: [[0.34, 0.33, 0.33]] * 3}, WRONG.calibration)
    votes = [Vote("yes", rater=7), Vote("yes", rater=7)]
    result = settled(*votes, stream=stream, is_reference=is_reference, prior={"no": 1.0}, skills=guessing)
    assert result.label == "yes"
    assert result.soft["yes"] == pytest.approx(16 / 18)  # 4·4 : 1·1 : 1·1


shares = st.floats(0, 1)
tables = st.builds(
    Skills,
    confusions=st.dictionaries(st.integers(1, 3), st.just(prior_mean(3))),
    calibration=st.dictionaries(st.integers(1, 3), st.lists(st.tuples(shares, shares), min_size=1, max_size=1)),
)


@given(st.lists(st.sampled_from(LABELS), max_size=5), st.integers(1, 5), st.integers(2, 5), tables, st.booleans())
def test_skills_never_make_a_label_that_people_alone_would_not_make(
    given_labels: list[str], wanted: int, overlap: int, skills: Skills, one: bool
) -> None:
    policy = {"overlap": overlap, "one_person_labels": one}
    alone = settled(*given_labels, wanted=wanted, **policy)
    helped = settled(*given_labels, wanted=wanted, skills=skills, prior={"no": 1.0}, **policy)
    if helped.outcome is Outcome.AGREED:
        assert (helped.label, helped.basis, helped.n_people) == (alone.label, alone.basis, alone.n_people)
        assert sum(helped.soft.values()) == pytest.approx(1)
    if helped.outcome is Outcome.DOUBTED:
        assert alone.outcome is Outcome.AGREED
        assert len(given_labels) < max(overlap, 1 if one else 2)
