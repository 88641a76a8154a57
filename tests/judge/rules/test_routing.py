"""Where a case goes: accepted only under a certificate, an open stream and enough confidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.rules.routing import CellState, Evidence, PolicyTerms, Reason, Route, decide
from judge.rules.streams import Stream

POLICY = PolicyTerms()
CERTIFIED = {"cell": CellState.CERTIFIED, "threshold": 0.9, "audit_probability": 0.05}

evidence = st.builds(
    Evidence,
    stream=st.sampled_from(Stream),
    confidence=st.none() | st.floats(0.01, 1),
    is_unscored=st.booleans(),
    judges_disagree=st.booleans(),
    is_suspicious=st.booleans(),
    cell=st.sampled_from(CellState),
    threshold=st.none() | st.floats(0, 1),
    audit_probability=st.floats(0.01, 1),
    audit_draw=st.floats(0, 0.999),
)


@given(evidence)
def test_nothing_is_accepted_without_certificate_open_stream_and_confidence(known: Evidence) -> None:
    routing = decide(known, POLICY)
    if routing.route is Route.ACCEPT:
        assert known.cell is CellState.CERTIFIED
        assert known.stream is Stream.OPEN
        assert known.threshold is not None
        assert known.confidence is not None
        assert known.confidence >= known.threshold
        assert not any((known.is_unscored, known.judges_disagree, known.is_suspicious))
    else:
        assert routing.people_wanted >= 2, "whatever is not accepted is seen by two people"


@given(evidence)
def test_an_accepted_case_keeps_the_probability_of_its_audit(known: Evidence) -> None:
    routing = decide(known, POLICY)
    if routing.route is Route.ACCEPT:
        assert routing.audit_probability == known.audit_probability
        assert routing.is_audited == (known.audit_draw < known.audit_probability)
        assert (routing.people_wanted > 0) == routing.is_audited


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (Evidence(Stream.OPEN, confidence=0.99), Reason.NO_CERTIFICATE),
        (Evidence(Stream.TRAIN, confidence=0.99, **CERTIFIED), Reason.TRAIN_STREAM),
        (Evidence(Stream.CERTIFY, confidence=0.99, **CERTIFIED), Reason.CERTIFY_STREAM),
        (Evidence(Stream.GOLD, confidence=0.99, **CERTIFIED), Reason.GOLD_STREAM),
        (Evidence(Stream.OPEN, is_unscored=True, **CERTIFIED), Reason.UNSCORED),
        (Evidence(Stream.OPEN, confidence=0.89, **CERTIFIED), Reason.LOW_CONFIDENCE),
        (Evidence(Stream.OPEN, confidence=0.9, judges_disagree=True, **CERTIFIED), Reason.JUDGES_DISAGREE),
        (Evidence(Stream.OPEN, confidence=0.9, is_suspicious=True, **CERTIFIED), Reason.SUSPICIOUS),
        (Evidence(Stream.OPEN, confidence=0.99, cell=CellState.SUSPENDED, threshold=0.9), Reason.SUSPENDED),
        (Evidence(Stream.OPEN, confidence=0.99, cell=CellState.STALE, threshold=0.9), Reason.NO_CERTIFICATE),
        (Evidence(Stream.OPEN, confidence=0.9, **CERTIFIED), Reason.CERTIFIED),
    ],
)
def test_each_reason_has_its_case(known: Evidence, reason: Reason) -> None:
    assert decide(known, POLICY).reason is reason


def test_one_person_suffices_only_on_open_and_train_cases_of_a_policy_that_says_so() -> None:
    policy = PolicyTerms(one_person_labels=True)
    wanted = {stream: decide(Evidence(stream), policy).people_wanted for stream in Stream}
    assert wanted == {Stream.OPEN: 1, Stream.TRAIN: 1, Stream.CERTIFY: 2, Stream.GOLD: 2}
