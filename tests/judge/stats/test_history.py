"""Histories of a watch: read on in any portions they come out as if read at once, and they hold few points."""

from __future__ import annotations

import json
import random

import pytest

from judge.stats import drift, history, running_bound
from judge.stats.history import MOST_POINTS, Points, Read


def acceptances(n: int, *, every: int = 3, risk: float = 0.1) -> list[Read]:
    chance = random.Random(n)
    return [
        Read(i, chance.uniform(0.8, 1), 1 / every, chance.random() < risk if i % every == 0 else None, f"day {i}")
        for i in range(1, n + 1)
    ]


def audits_of(rows: list[Read], portions: int) -> history.AuditHistory:
    found = history.read_audits({}, alpha=0.1, least=0.05)
    step = len(rows) // portions + 1
    for _ in range(0, len(rows), step):
        unread = [row for row in rows if row.decision > found.decision][: step + 3]
        found.read(unread)
        found = history.read_audits(json.loads(json.dumps(found.as_record())), alpha=0.1, least=0.05)
    return found


@pytest.mark.parametrize("portions", [2, 7, 50])
def test_portions_make_no_difference_to_the_last_bit(portions: int) -> None:
    rows = acceptances(900)
    assert audits_of(rows, portions).as_record() == audits_of(rows, 1).as_record()


def test_last_point_says_what_a_replay_of_everything_says() -> None:
    rows = acceptances(300)
    found = audits_of(rows, 4)
    n_audited, n_accepted, n_errors, level, bound, at = found.points.last
    errors = [row.is_error for row in rows if row.is_error is not None]
    assert (n_audited, n_accepted, n_errors, at) == (100, 300, sum(errors), "day 300")
    levels = drift.replay_alarm(errors, [1 / 3] * 100, alpha=0.1, least=0.05)
    assert level == pytest.approx(levels[-1], abs=1e-4)
    bounds = running_bound.replay_bound(
        [1 - row.confidence for row in rows],
        [float("nan") if row.is_error is None else row.is_error for row in rows], [1 / 3] * 300, least=0.05,
    )  # fmt: skip
    assert bound == pytest.approx(bounds[-1], abs=1e-6)


def test_what_follows_the_last_audit_waits_for_the_next() -> None:
    rows = acceptances(8)
    found = audits_of(rows, 1)
    assert found.points.last[:2] == [2, 6]
    assert found.decision == 6


def test_points_stay_few_and_stand_at_round_counts() -> None:
    points = Points()
    for n in range(1, 1001):
        points.add([n])
    # 60 points at most: a step of 32 gives 31 points up to 992, a step of 16 would give 62
    assert points.every == 32
    assert [row[0] for row in points.kept] == list(range(32, 993, 32))
    assert points.shown[-1] == [1000]
    assert len(points.shown) <= MOST_POINTS + 1


def test_newest_point_is_shown_once() -> None:
    points = Points()
    assert points.shown == []
    points.add([1])
    assert points.shown == [[1]]


@pytest.mark.parametrize("portion", [1, 13, 400])
def test_input_is_read_in_any_portions(portion: int) -> None:
    chance = random.Random(3)
    rows = [(i, chance.uniform(0.6, 0.99), f"day {i}") for i in range(1, 401)]
    ties = [chance.random() for _ in rows]
    found, whole = history.read_input({}), history.read_input({})
    whole.read(rows, ties)
    for start in range(0, 400, portion):
        found.read(rows[start : start + portion], ties[start : start + portion])
        found = history.read_input(json.loads(json.dumps(found.as_record())))
    assert found.as_record() == whole.as_record()
    assert found.decision == 400
