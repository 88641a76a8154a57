"""The audit rate of a batch is set before its draws: so the bound, the interval and the alarm keep their promises.

What is accepted comes in batches of any size on days of any number of batches, and, at worst, the greatest batches have
the most errors. The rate is that of judge.actions.rates: from yesterday, from today so far, and from the batch's size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from judge.rules.auditing import audit_rate
from judge.stats.drift import ALARM, replay_alarm
from judge.stats.exact import clopper_pearson
from judge.stats.running_bound import replay_bound

LEAST, ALPHA = 0.05, 0.10
SIZES = (1, 7, 40, 150, 400, 1500)
STREAMS = 60


@dataclass(frozen=True)
class Stream:
    """Errors and the rates at which they were audited, in acceptance order; ``batch`` numbers the batches."""

    is_error: NDArray[np.bool_]
    rate: NDArray[np.float64]
    batch: NDArray[np.int64]


def draw(chance: np.random.Generator, *, risk: float | None = None, n: int = 6_000) -> Stream:
    """``risk`` None: .02 in the smallest batches, .14 in the greatest."""
    errors, rates, batches = [], [], []
    for number, (size, rate) in enumerate(_batches(chance, n)):
        own = 0.02 + 0.12 * SIZES.index(size) / (len(SIZES) - 1) if risk is None else risk
        errors.append(chance.random(size) < own)
        rates.append(np.full(size, rate))
        batches.append(np.full(size, number))
    return Stream(np.concatenate(errors), np.concatenate(rates), np.concatenate(batches))


def _batches(chance: np.random.Generator, n: int) -> Iterator[tuple[int, float]]:
    yesterday = today = done = 0
    while done < n:
        size = int(chance.choice(SIZES))
        yield size, audit_rate(max(yesterday, today + size), least=LEAST)
        today, done = today + size, done + size
        if chance.random() < 0.3:
            yesterday, today = today, 0


def misses(stream: Stream, audited: NDArray[np.bool_]) -> bool:
    """Whether the running bound was below the truth at any of 40 looks."""
    seen = np.where(audited, stream.is_error, np.nan)
    bounds = replay_bound(np.full(len(seen), 0.05), seen, stream.rate, least=LEAST)
    truth = np.cumsum(stream.is_error) / np.arange(1, len(seen) + 1)
    looks = np.linspace(0, len(seen) - 1, 41).astype(int)[1:]
    return bool((bounds[looks] < truth[looks] - 1e-9).any())


def drawn_once(stream: Stream, chance: np.random.Generator) -> NDArray[np.bool_]:
    return chance.random(len(stream.rate)) < stream.rate


def drawn_again(stream: Stream, chance: np.random.Generator) -> NDArray[np.bool_]:
    """Not ours: whoever finds an error among a batch's audits draws that batch anew, up to nine times."""
    audited = drawn_once(stream, chance)
    for _ in range(9):
        spoiled = np.unique(stream.batch[audited & stream.is_error])
        audited = np.where(np.isin(stream.batch, spoiled), drawn_once(stream, chance), audited)
    return audited


def test_the_running_bound_holds_at_every_look_though_great_batches_are_worse() -> None:
    chance = np.random.default_rng(11)
    missed = [misses(stream, drawn_once(stream, chance)) for stream in (draw(chance) for _ in range(STREAMS))]
    assert np.mean(missed) <= 0.05 + 2 * (0.05 * 0.95 / STREAMS) ** 0.5


def test_a_batch_that_is_drawn_again_when_its_audits_look_bad_breaks_the_bound() -> None:
    """Why the draw comes once, after the rate."""
    chance = np.random.default_rng(12)
    missed = [misses(stream, drawn_again(stream, chance)) for stream in (draw(chance) for _ in range(STREAMS))]
    assert np.mean(missed) > 0.2


@pytest.mark.parametrize("size", [40, 400, 1500])
def test_one_batch_with_one_rate_has_an_exact_interval(size: int) -> None:
    """Clopper–Pearson of k errors among n audits, at 95 %, covers the batch's own share of errors."""
    chance, rate = np.random.default_rng(13), audit_rate(size, least=LEAST)
    covered, runs = 0, 600
    for _ in range(runs):
        wrong = chance.random(size) < 0.08
        audited = chance.random(size) < rate
        found = clopper_pearson(int(wrong[audited].sum()), int(audited.sum()))
        covered += found.low - 1e-9 <= wrong.mean() <= found.high + 1e-9
    assert covered / runs >= 0.95 - 3 * (0.05 * 0.95 / runs) ** 0.5


def test_a_cell_that_just_keeps_its_promise_sounds_a_false_alarm_in_2000_audits_at_most() -> None:
    chance = np.random.default_rng(14)
    lengths = []
    for _ in range(40):
        stream = draw(chance, risk=ALPHA, n=60_000)
        audited = drawn_once(stream, chance)
        levels = replay_alarm(stream.is_error[audited], stream.rate[audited], alpha=ALPHA, least=LEAST)
        rang = np.flatnonzero(levels >= ALARM)
        lengths.append(rang[0] + 1 if len(rang) else len(levels))
    assert np.mean(lengths) >= 2_000


def test_a_first_batch_costs_about_twenty_audits_and_calls_of_a_run_about_three_times_as_many() -> None:
    """STATISTICS says 1 on the first day, which would send all of it to people; 400 at once, or 16 calls of 25."""
    assert 400 * audit_rate(400, least=LEAST) == pytest.approx(20)
    calls = [25 * audit_rate(25 * call, least=LEAST) for call in range(1, 17)]
    assert sum(calls) == pytest.approx(68, abs=1)
