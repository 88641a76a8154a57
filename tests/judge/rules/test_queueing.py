"""In what order people meet cases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.rules.queueing import ACCEPTABLE_LATER, MEASURING, needs_information, priority
from judge.rules.routing import STREAM_REASONS, Reason


def test_nobody_can_tell_by_the_order_what_measures_a_judge_and_what_teaches_it() -> None:
    hidden = {*STREAM_REASONS.values(), Reason.AUDIT, Reason.RECHECK, Reason.MILESTONE, Reason.WAITING_SAMPLE}
    assert {priority(reason) for reason in hidden} == {MEASURING}


def test_what_a_later_certificate_could_accept_comes_last_whatever_is_known_of_it() -> None:
    for reason in (Reason.NO_CERTIFICATE, Reason.SUSPENDED):
        assert {priority(reason, share / 10) for share in range(11)} == {ACCEPTABLE_LATER}


@pytest.mark.parametrize(
    ("share", "place"), [(0.0, 1), (0.1999, 1), (0.2, 2), (0.4, 3), (0.6, 4), (0.8, 5), (0.99, 5), (1.0, 5)]
)
def test_of_what_is_never_accepted_the_most_telling_comes_first(share: float, place: int) -> None:
    for reason in (Reason.LOW_CONFIDENCE, Reason.JUDGES_DISAGREE, Reason.SUSPICIOUS, Reason.UNSCORED):
        assert priority(reason, share) == place


def test_one_more_person_on_the_same_case_leaves_its_place() -> None:
    for reason in (Reason.PEOPLE_DISAGREE, Reason.LABEL_DOUBTED, Reason.REQUESTED, Reason.REOPENED, Reason.IMPORTED):
        assert priority(reason) is None


@given(st.sampled_from(Reason), st.floats(0, 1))
def test_only_what_needs_information_depends_on_it(reason: Reason, share: float) -> None:
    place = priority(reason, share)
    assert place is None or 0 <= place <= 6
    assert needs_information(reason) or place == priority(reason)
