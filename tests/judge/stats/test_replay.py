from __future__ import annotations

import pytest

from judge.errors import InputError
from judge.stats import drift, running_bound
from judge.stats.replay import Recorded, play, read_synthetic, synthesise

ROWS = [Recorded(False, 0.1)] * 40 + [Recorded(None, 0.1)] * 5 + [Recorded(True, 0.1)] * 10


def test_an_alarm_ends_the_replay_and_says_from_where_on_labels_are_doubted() -> None:
    found = play(ROWS, alpha=0.1, least=1.0)
    assert found.alarm is not None
    levels = drift.replay_alarm([0] * 40 + [1] * 10, [1.0] * 50, alpha=0.1, least=1.0)
    first = next(audit for audit, level in enumerate(levels, 1) if level >= drift.ALARM)
    assert (found.alarm.n_audited, found.alarm.n_accepted) == (first, first + 5)
    assert found.change is not None
    earliest, likeliest, _ = found.change
    assert likeliest == 41, "the first error, counted from 1"
    assert found.doubted == earliest, "before the acceptances without an audit, one by one"
    assert found.points[-1] == found.alarm


def test_what_lies_between_two_audits_is_doubted_with_the_later_one() -> None:
    rows = [Recorded(False, 0.1)] * 500 + [Recorded(None, 0.1)] * 30 + [Recorded(True, 0.1)] * 30
    found = play(rows, alpha=0.1, least=1.0)
    assert found.change is not None
    assert found.change[0] <= 501
    assert found.doubted <= 501, "acceptance 501 to 530 may have come after the change"


def test_points_are_those_of_the_detector_and_the_bound() -> None:
    rows = [Recorded(place % 20 == 0, 0.05 + place / 1000) for place in range(100)]
    found = play(rows, alpha=0.1, least=1.0, shown=7)
    errors, ones = [row.is_error for row in rows], [1.0] * 100
    levels = drift.replay_alarm(errors, ones, alpha=0.1, least=1.0)
    bounds = running_bound.replay_bound([row.expected for row in rows], errors, ones, least=1.0)
    assert [point.n_audited for point in found.points] == [15, 30, 45, 60, 75, 90, 100]
    for point in found.points:
        assert point.level == pytest.approx(levels[point.n_audited - 1])
        assert point.bound == pytest.approx(bounds[point.n_audited - 1], rel=1e-6)
        assert point.n_errors == (point.n_audited + 19) // 20
    assert found.alarm is None
    assert found.highest == pytest.approx(levels.max())


def test_nothing_audited_is_no_alarm_and_no_table() -> None:
    found = play([Recorded(None, 0.1, 0.05)] * 3, alpha=0.1, least=0.05)
    assert (found.points, found.alarm, found.n_accepted, found.n_audited) == ((), None, 3, 0)


def test_made_up_streams_follow_their_risks_and_their_seed() -> None:
    stretches = read_synthetic("4000@.05,4000@.5")
    rows = synthesise(stretches, rate=0.5, expected=0.1, seed=3)
    assert rows == synthesise(stretches, rate=0.5, expected=0.1, seed=3)
    assert rows != synthesise(stretches, rate=0.5, expected=0.1, seed=4)
    audits = [row.is_error for row in rows if row.is_error is not None]
    assert len(audits) / 8000 == pytest.approx(0.5, abs=0.03)
    late = [row.is_error for row in rows[4000:] if row.is_error is not None]
    assert sum(late) / len(late) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("words", ["", "500", "500@x", "0@.1", "5@1.2", "5@.1;6@.2"])
def test_a_stream_that_cannot_be_read_is_said_in_words(words: str) -> None:
    with pytest.raises(InputError, match=r"expected: numbers and risks as in 500@\.05,400@\.20"):
        read_synthetic(words)
