"""The alarm and the running bound played again over acceptances that were recorded or made up, one after another."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from judge.errors import InputError
from judge.stats import drift, running_bound
from judge.stats.dating import date_change


@dataclass(frozen=True, slots=True)
class Recorded:
    """One acceptance: ``is_error`` is None where no audit told; ``expected`` is 1 − p̂."""

    is_error: bool | None
    expected: float
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Point:
    """What the watch said after ``n_audited`` audits."""

    n_accepted: int
    n_audited: int
    n_errors: int
    level: float
    bound: float


@dataclass(frozen=True, slots=True)
class Replay:
    """``alarm`` is where it rang. ``change``: the audits (from 1) to which the change is dated at the earliest, most
    likely and at the latest; ``doubted`` the first acceptance (from 1) whose label is doubted."""

    points: tuple[Point, ...]
    highest: float
    n_accepted: int
    n_audited: int
    alarm: Point | None = None
    change: tuple[int, int, int] | None = None
    doubted: int = 0


def play(rows: Sequence[Recorded], *, alpha: float, least: float, shown: int = 20) -> Replay:
    """Play ``rows`` in order up to the alarm, with about ``shown`` points on the way."""
    places = [place for place, row in enumerate(rows) if row.is_error is not None]
    errors = [bool(rows[place].is_error) for place in places]
    probabilities = [rows[place].probability for place in places]
    levels = list(map(float, drift.replay_alarm(errors, probabilities, alpha=alpha, least=least))) if places else []
    rang = next((audit for audit, level in enumerate(levels, 1) if level >= drift.ALARM), None)
    last = rang or len(places)
    points = tuple(_points(rows, places, levels, _steps(last, shown), least))
    found = Replay(points, max(levels[:last], default=0.0), len(rows), len(places))
    if not rang:
        return found
    change = date_change(errors[:rang], alpha=alpha)
    doubted = places[change.earliest - 1] + 2 if change.earliest else 1
    told = (change.earliest + 1, change.likeliest + 1, change.latest + 1)
    return replace(found, alarm=points[-1], change=told, doubted=doubted)


def read_synthetic(words: str) -> list[tuple[int, float]]:
    """Stretches of acceptances, each with its risk.

    >>> read_synthetic("500@.05,400@.20")
    [(500, 0.05), (400, 0.2)]
    """
    try:
        parts = [part.split("@") for part in words.split(",")]
        found = [(int(n), float(risk)) for n, risk in parts]
    except ValueError:
        found = []
    if not found or any(n < 1 or not 0 <= risk <= 1 for n, risk in found):
        raise InputError(f'"{words}" is no made-up stream', expected="numbers and risks as in 500@.05,400@.20")
    return found


def synthesise(stretches: Iterable[tuple[int, float]], *, rate: float, expected: float, seed: int) -> list[Recorded]:
    """Acceptances whose errors and audits are drawn; the same seed draws the same."""
    chance = random.Random(seed)  # noqa: S311 (nothing to guess here)
    return [
        Recorded(chance.random() < risk if chance.random() < rate else None, expected, rate)
        for n, risk in stretches for _ in range(n)
    ]  # fmt: skip


def _steps(n_audited: int, shown: int) -> list[int]:
    every = max(1, math.ceil(n_audited / shown))
    return sorted({*range(every, n_audited + 1, every), n_audited} - {0})


def _points(
    rows: Sequence[Recorded], places: Sequence[int], levels: Sequence[float], steps: Sequence[int], least: float
) -> Iterator[Point]:
    state, n_errors = running_bound.BoundState(), 0
    for before, audit in pairwise([0, *steps]):
        read = rows[places[before - 1] + 1 if before else 0 : places[audit - 1] + 1]
        n_errors += sum(bool(row.is_error) for row in read)
        state = running_bound.advance_bound(
            state,
            expected=[row.expected for row in read],
            is_error=[math.nan if row.is_error is None else row.is_error for row in read],
            probability=[row.probability for row in read],
            least=least,
        )
        bound = running_bound.bound(state, least=least)
        yield Point(state.n_accepted, audit, n_errors, levels[audit - 1], bound)
