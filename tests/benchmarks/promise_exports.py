"""What exports say of themselves against what they hold: 1,000 simulated feeds whose judge gets worse.

Thirty days; the judge's error rises from 4 % to 14 %, jumps on some days, and is higher when little comes in; the audit
rate follows the product's rule from the day before. Single labels err and a tenth of them is checked. The truth is the
share of errors among the exported labels, after what was checked was corrected.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from judge.rules.auditing import LEAST_RATE, audit_rate
from judge.stats.estimation import Stratum, estimate_pass_rate, estimate_quality
from judge.stats.exact import clopper_pearson
from judge.stats.sampling import thin
from tests.benchmarks.figures import Figure

RUNS, DAYS, CONFIDENCE = 1_000, 30, 0.95
VOLUMES = {"steady": (400, 400), "changing": (30, 600), "small": (20, 60)}
TARGET = f"≥ {CONFIDENCE - 0.015:.3f}"
FIGURES = {
    **{f"promise.export_covers_{name}": TARGET for name in VOLUMES},
    **{f"promise.pass_rate_covers_{name}": TARGET for name in VOLUMES},
}


@dataclass(frozen=True, slots=True)
class Feed:
    """One cell's accepted cases in order: π and audits by the rule, errors, whether the case truly passes."""

    rates: NDArray[np.float64]
    is_audited: NDArray[np.bool_]
    is_wrong: NDArray[np.bool_]
    passes: NDArray[np.bool_]


def measure() -> list[Figure]:
    return [figure for name, volume in VOLUMES.items() for figure in figures(name, volume)]


def figures(name: str, volume: tuple[int, int]) -> Iterator[Figure]:
    found = np.array([_one(np.random.default_rng([31, each]), volume) for each in range(RUNS)])
    covers, width, shares, rates, pass_width = found.mean(axis=0)
    beside = (
        f"mean width {width:.3f}; with Clopper–Pearson over all audits as if drawn alike, taken for the rest: "
        f"{shares:.3f}; {RUNS} exports"
    )
    met = bool(covers >= CONFIDENCE - 0.015)
    yield Figure(f"promise.export_covers_{name}", round(float(covers), 3), "share of exports", TARGET, met, beside)
    met = bool(rates >= CONFIDENCE - 0.015)
    beside = f"mean width {pass_width:.3f}"
    yield Figure(f"promise.pass_rate_covers_{name}", round(float(rates), 3), "share of exports", TARGET, met, beside)


def _one(chance: np.random.Generator, volume: tuple[int, int]) -> tuple[float, float, float, float, float]:
    feed = draw_feed(chance, volume)
    judge, single = judge_stratum(feed, chance), _Single(chance)
    rest = ~feed.is_audited
    strata = [
        judge,
        single.stratum,
        Stratum("audited", int(feed.is_audited.sum()), is_reference=True),
        Stratum("adjudicated", 200, is_reference=True),
    ]
    found = estimate_quality(strata, confidence=CONFIDENCE)
    wrong = int(feed.is_wrong[rest].sum()) + single.n_left
    truth = wrong / found.n_labels
    naive = clopper_pearson(int(feed.is_wrong[~rest].sum()), int((~rest).sum()), confidence=CONFIDENCE)
    naive_covers = naive.low <= feed.is_wrong[rest].mean() <= naive.high
    rate = estimate_pass_rate(feed.passes[~rest], feed.rates[~rest], confidence=CONFIDENCE)
    rate_covers = rate.low <= feed.passes.mean() <= rate.high
    return found.low <= truth <= found.high, found.high - found.low, naive_covers, rate_covers, rate.high - rate.low


def draw_feed(chance: np.random.Generator, volume: tuple[int, int]) -> Feed:
    accepted = chance.integers(volume[0], volume[1] + 1, DAYS)
    daily = np.linspace(0.04, 0.14, DAYS) + 0.06 * (chance.random(DAYS) < 0.1)
    daily += 0.05 * (accepted < np.mean(volume)) * (volume[0] != volume[1])
    pi = [audit_rate(None if day == 0 else int(accepted[day - 1])) for day in range(DAYS)]
    rates, risk = np.repeat(pi, accepted), np.repeat(daily, accepted)
    is_wrong = chance.random(len(rates)) < risk
    says_pass = chance.random(len(rates)) < 0.8
    return Feed(rates, chance.random(len(rates)) < rates, is_wrong, says_pass != is_wrong)


def judge_stratum(feed: Feed, chance: np.random.Generator) -> Stratum:
    audited, wrong = feed.rates[feed.is_audited], feed.is_wrong[feed.is_audited]
    least = float(feed.rates.min(initial=1.0)) if len(feed.rates) else LEAST_RATE
    stays = thin(audited, chance.random(len(audited)), least=least)
    return Stratum(
        "judge",
        int((~feed.is_audited).sum()),
        n_checked=int(stays.sum()),
        n_wrong=int(wrong[stays].sum()),
        n_seen=int((~stays).sum()),
        n_seen_wrong=int(wrong[~stays].sum()),
    )


class _Single:
    """600 labels of one person each, 9 % wrong; a random tenth is answered again by two more and corrected."""

    def __init__(self, chance: np.random.Generator) -> None:
        wrong, checked = chance.random(600) < 0.09, chance.random(600) < 0.1
        self.stratum = Stratum(
            "single", int((~checked).sum()), n_checked=int(checked.sum()), n_wrong=int(wrong[checked].sum())
        )
        self.n_left = int(wrong[~checked].sum())
