"""A worker killed in mid-run loses what was in flight and nothing else; its successor judges the rest, once."""

from __future__ import annotations

import pytest

from tests.flow.workers import judge_through_a_kill


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_after_kill_9_and_restart_every_case_is_judged_exactly_once() -> None:
    seen = judge_through_a_kill()
    assert 0 < seen.n_votes_at_kill < seen.n_cases == 800
    assert (seen.n_twice, seen.n_never) == (0, 0)
    assert seen.n_votes == seen.n_decisions == seen.n_completions == seen.n_cases
    assert seen.status == "done"
