"""The audit's promises at full size: run length, delays, the running bound, input drift, and what they cost."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from judge.stats.drift import AlarmState, advance_alarm, replay_alarm
from judge.stats.input_drift import InputState, advance_input
from judge.stats.running_bound import BoundState, advance_bound, bound, replay_bound
from tests.benchmarks.figures import Figure
from tests.guarantees.streams import (
    ALPHA,
    DELAYS,
    LEAST,
    N_ACCEPTED,
    RATE,
    STREAMS,
    dates,
    delays,
    naive_misses,
    run_lengths,
    watch,
)

RUNS, N_STREAMS, LONGEST = 500, 120, 20_000
FIGURES = {
    "promise.alarm_run_length": "≥ 2000 audits",
    "promise.alarm_run_length_changing_rate": "≥ 2000 audits",
    **{f"promise.alarm_delay_{multiple}_alpha": f"≤ {target} audits" for multiple, target in DELAYS.items()},
    **{f"promise.bound_missed_{stream.name}": "≤ .05 of streams" for stream in STREAMS},
    **{f"promise.bound_slack_{stream.name}": "≤ .032" for stream in STREAMS},
    **{f"promise.change_dated_{multiple}_alpha": "≥ .92 of changes" for multiple in DELAYS},
    "promise.input_drift_false": "≤ .01 of streams",
    "promise.audit_advance_ms": "told",
}


def measure() -> list[Figure]:
    return [*measure_alarm(), *measure_dates(), *measure_bound(), measure_input_drift(), measure_speed()]


def measure_alarm() -> Iterator[Figure]:
    for name, rates in (("", (LEAST, LEAST)), ("_changing_rate", (LEAST, 1.0))):
        found = run_lengths(ALPHA, runs=RUNS, longest=LONGEST, seed=11, rates=rates)
        beside = (
            f"risk exactly alpha; median {np.median(found):,.0f}; {(found == LONGEST).mean():.0%} of runs cut there"
        )
        mean = float(found.mean())
        yield Figure(f"promise.alarm_run_length{name}", mean, "audits", "≥ 2000 audits", mean >= 2000, beside)
    for multiple, target in DELAYS.items():
        found = delays(multiple, runs=RUNS, seed=12)
        beside = f"90 % within {np.quantile(found, 0.9):,.0f}; {RUNS - len(found)} of {RUNS} alarmed before the change"
        median = float(np.median(found))
        name = f"promise.alarm_delay_{multiple}_alpha"
        yield Figure(name, median, "audits, median", FIGURES[name], median <= target, beside)


def measure_dates() -> Iterator[Figure]:
    for multiple in DELAYS:
        found, name = dates(multiple, runs=RUNS, seed=16), f"promise.change_dated_{multiple}_alpha"
        beside = (
            f"not doubted of what came after: {found.undoubted:.2f}; by the bets' date {found.undoubted_by_bets:.2f}"
        )
        yield Figure(name, found.covered, "share of changes", FIGURES[name], found.covered >= 0.92, beside)


def measure_bound() -> Iterator[Figure]:
    for stream in STREAMS:
        found, floor = watch(stream, streams=N_STREAMS, seed=13), watch(stream, streams=N_STREAMS, seed=13, least=LEAST)
        naive = naive_misses(stream, streams=N_STREAMS, seed=13)
        missed, slack = f"promise.bound_missed_{stream.name}", f"promise.bound_slack_{stream.name}"
        beside = f"{N_STREAMS} streams × 40 looks; a 95 % bound for one look misses in {naive:.2f}"
        yield Figure(missed, found.missed, "share of streams", FIGURES[missed], found.missed <= 0.05, beside)
        beside = (
            f"1,000 audits of 10,000, mean risk {found.risk:.3f}; {floor.slack:.4f} where the least rate is {LEAST}"
        )
        yield Figure(slack, found.slack, "of accepted cases", FIGURES[slack], found.slack <= 0.032, beside)


def measure_input_drift() -> Figure:
    chance = np.random.default_rng(14)
    told, waited = [], []
    for _ in range(300):
        state = advance_input(InputState(), confidence=chance.beta(20, 2, 1000), tie=chance.random(1000))
        told.append(state.has_drifted)
        n = 0
        while not state.has_drifted and n < 2000:
            state, n = advance_input(state, confidence=chance.beta(12, 2, 50), tie=chance.random(50)), n + 50
        waited.append(n)
    share, beside = (
        float(np.mean(told)),
        f"mean confidence .91 to .86 is told after {np.median(waited):,.0f} cases (median)",
    )
    return Figure("promise.input_drift_false", share, "share of streams", "≤ .01 of streams", share <= 0.0272, beside)


def measure_speed() -> Figure:
    """One audit into each state, and the bound computed; beside it, replays of 10,000."""
    chance = np.random.default_rng(15)
    start = time.process_time()
    alarm, state, rounds = AlarmState(), BoundState(), 300
    for _ in range(rounds):
        alarm = advance_alarm(alarm, is_error=False, probability=RATE, alpha=ALPHA, least=LEAST)
        state = advance_bound(state, expected=[0.05], is_error=[0.0], probability=[RATE], least=LEAST)
        bound(state, least=LEAST)
    each = (time.process_time() - start) / rounds * 1000
    errors, rates = (chance.random(N_ACCEPTED) < 0.05).astype(float), np.full(N_ACCEPTED, RATE)
    start = time.process_time()
    replay_alarm(errors, rates, alpha=ALPHA, least=LEAST)
    middle = time.process_time()
    replay_bound(np.full(N_ACCEPTED, 0.05), errors, rates, least=LEAST)
    end = time.process_time()
    beside = f"replays of 10,000: alarm {(middle - start) * 1000:.1f} ms, bound {(end - middle) * 1000:.1f} ms"
    return Figure("promise.audit_advance_ms", round(each, 3), "ms per audit", "told", True, beside)
