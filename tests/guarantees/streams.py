"""Streams of accepted cases whose risk is known: what the alarm and the running bound are proved on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.stats.dating import date_change
from judge.stats.drift import ALARM, estimate_change, replay_alarm
from judge.stats.running_bound import replay_bound

type Numbers = NDArray[np.float64]

ALPHA, LEAST = 0.10, 0.05
#: The alarm's target: risk .05 for so many audits, then a multiple of alpha.
CALM, CALM_RISK = 500, 0.05
#: Median audits to the alarm by multiple of alpha.
DELAYS = {1.5: 220, 2.0: 90, 3.0: 40}
#: The bound's target: so many accepted cases, audited at .1, looked at so often.
N_ACCEPTED, RATE, N_LOOKS = 10_000, 0.10, 40
LOOKS = np.arange(1, N_LOOKS + 1) * N_ACCEPTED // N_LOOKS


@dataclass(frozen=True)
class Stream:
    """``risk`` by the share of the stream that has passed."""

    name: str
    risk: Callable[[Numbers], Numbers]


STREAMS = (
    Stream("constant", lambda x: np.full_like(x, 0.06)),
    Stream("rising", lambda x: 0.02 + 0.13 * x),
    Stream("falling", lambda x: 0.15 - 0.13 * x),
    Stream("in_waves", lambda x: 0.08 + 0.07 * np.sin(20 * x)),
)


def run_lengths(
    risk: float, *, runs: int, longest: int, seed: int, rates: tuple[float, float] = (LEAST, LEAST)
) -> Numbers:
    """Audits to the alarm at this constant risk, ``longest`` where none came; audit rates uniform between two."""
    return np.array([_until_alarm(np.full(longest, risk), seed, each, rates) for each in range(runs)], dtype=np.float64)


def delays(multiple: float, *, runs: int, seed: int, longest: int = 4_000) -> Numbers:
    """Audits from the change to the alarm; runs that alarmed before it are left out."""
    risk = np.concatenate([np.full(CALM, CALM_RISK), np.full(longest, multiple * ALPHA)])
    found = np.array([_until_alarm(risk, seed, each, (LEAST, LEAST)) for each in range(runs)])
    return (found[found > CALM] - CALM).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Dated:
    """Of all changes: the share whose true date was plausible, and of what was accepted after the change the mean share
    that is not doubted, if doubt begins at the earliest plausible date or where the bets gained most."""

    covered: float
    undoubted: float
    undoubted_by_bets: float


def dates(multiple: float, *, runs: int, seed: int, longest: int = 4_000) -> Dated:
    risk = np.concatenate([np.full(CALM, CALM_RISK), np.full(longest, multiple * ALPHA)])
    found = [_date(risk, np.random.default_rng([seed, each])) for each in range(runs)]
    return Dated(*(float(each) for each in np.mean([each for each in found if each], axis=0)))


def _date(risk: Numbers, chance: np.random.Generator) -> tuple[bool, float, float] | None:
    errors, rates = chance.random(len(risk)) < risk, np.full(len(risk), LEAST)
    end = int((replay_alarm(errors, rates, alpha=ALPHA, least=LEAST) >= ALARM).argmax()) + 1
    if end <= CALM:
        return None
    change = date_change(errors[:end], alpha=ALPHA)
    by_bets = estimate_change(errors[:end], rates[:end], alpha=ALPHA, least=LEAST)
    late, late_by_bets = (max(0, place - CALM) / (end - CALM) for place in (change.earliest, by_bets))
    return change.earliest <= CALM <= change.latest, late, late_by_bets


def _until_alarm(risk: Numbers, seed: int, each: int, rates: tuple[float, float]) -> int:
    chance = np.random.default_rng([seed, each])
    errors = chance.random(len(risk)) < risk
    levels = replay_alarm(errors, chance.uniform(*rates, len(risk)), alpha=ALPHA, least=LEAST)
    alarmed = np.flatnonzero(levels >= ALARM)
    return int(alarmed[0]) + 1 if len(alarmed) else len(risk)


@dataclass(frozen=True, slots=True)
class Watched:
    """Of all streams: the share whose bound was ever below the truth, mean slack at the last look, mean risk."""

    missed: float
    slack: float
    risk: float


def watch(stream: Stream, *, streams: int, seed: int, least: float = RATE) -> Watched:
    found = [_watch(stream, np.random.default_rng([seed, each]), least) for each in range(streams)]
    missed, slack, risk = np.mean(found, axis=0)
    return Watched(float(missed), float(slack), float(risk))


def _watch(stream: Stream, chance: np.random.Generator, least: float) -> tuple[bool, float, float]:
    """Cases that the judge doubts err more often, so expecting errors there helps, as it does in life."""
    expected = chance.beta(1.5, 20, N_ACCEPTED)
    risk = stream.risk(np.arange(N_ACCEPTED) / N_ACCEPTED) * expected / expected.mean()
    errors = (chance.random(N_ACCEPTED) < risk).astype(np.float64)
    audited = np.where(chance.random(N_ACCEPTED) < RATE, errors, np.nan)
    bounds = replay_bound(expected, audited, np.full(N_ACCEPTED, RATE), least=least)[LOOKS - 1]
    truth = np.cumsum(errors)[LOOKS - 1] / LOOKS
    return bool((bounds < truth).any()), float(bounds[-1] - truth[-1]), float(truth[-1])


def naive_misses(stream: Stream, *, streams: int, seed: int) -> float:
    """Share of streams in which a fixed-time 95 % bound (normal, on audits alone) is ever below the truth: the foil."""
    return float(np.mean(list(_naive(stream, streams, seed))))


def _naive(stream: Stream, streams: int, seed: int) -> Iterator[bool]:
    for each in range(streams):
        chance = np.random.default_rng([seed, each])
        errors = chance.random(N_ACCEPTED) < stream.risk(np.arange(N_ACCEPTED) / N_ACCEPTED)
        audited = chance.random(N_ACCEPTED) < RATE
        n, k = np.cumsum(audited)[LOOKS - 1], np.cumsum(audited & errors)[LOOKS - 1]
        share = k / np.maximum(n, 1)
        bounds = share + 1.645 * np.sqrt(share * (1 - share) / np.maximum(n, 1))
        yield bool((bounds < np.cumsum(errors)[LOOKS - 1] / LOOKS).any())
