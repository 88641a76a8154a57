"""May a judge stand in for one of the people? The alternative-annotator test.

Each person j is left out in turn. On the cases that j answered with others, let S_j be the share of the others who
gave j's label and S_f the share who gave the judge's; W^f = 1[S_f ≥ S_j], W^j = 1[S_j ≥ S_f]. The judge *wins* against
j where the means differ by less than ε, the price of a person's time:

    H0: E(W^j − W^f) ≥ ε,    t = (mean d − ε) / (sd d / √n),    d = W^j − W^f,    p = P(T_{n−1} ≤ t)

tested for all persons at once with the false discovery rate q of Benjamini & Yekutieli (2001). The winning rate ω is
the share of persons against whom it wins; from ½ on it may stand in. The advantage probability ρ is the mean over
persons of the mean of W^f: how likely the judge is at least as good as a person drawn at random. Calderon, Reichart &
Dror (2025), The alternative annotator test for LLM-as-a-judge, ACL: ε = .2 for experts, .15 for skilled people, .1 for
crowds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student_t

from judge.errors import InputError

type Rows = NDArray[np.float64]
type Codes = NDArray[np.int64]

EPSILON, LEVEL = 0.15, 0.05
#: Persons with fewer cases in common with others are not tested: the t-test needs about so many.
LEAST = 30


@dataclass(frozen=True, slots=True)
class Against:
    """The judge against one person: shares of the ``n`` cases on which each is at least as good, and p of H0."""

    rater: int
    n: int
    judge_share: float
    person_share: float
    p_value: float
    is_won: bool


@dataclass(frozen=True, slots=True)
class Alternative:
    winning_rate: float
    advantage: float
    persons: tuple[Against, ...]

    @property
    def may_stand_in(self) -> bool:
        return self.winning_rate >= 0.5


def alternative_annotator_test(
    *, case: ArrayLike, rater: ArrayLike, label: ArrayLike, judge: ArrayLike, epsilon: float = EPSILON, q: float = LEVEL
) -> Alternative:
    """Test a judge against people's answers, three equally long lists of codes from 0.

    ``judge`` (n_cases): its label of each case, −1 where unscored, which agrees with nobody. Raises InputError for
    codes that cannot be, ε or q outside [0, 1), or when nobody has ``LEAST`` cases in common with others.
    """
    cases, raters, labels, said = _read(case, rater, label, judge)
    if not (0 <= epsilon < 1 and 0 < q < 1):
        raise InputError(f"epsilon {epsilon}, q {q}", expected="between 0 and 1")
    ours, theirs = _shares(cases, labels, said)
    shared = ~np.isnan(ours)
    found = [(r, shared & (raters == r)) for r in np.unique(raters[shared])]
    tested = [(int(r), chosen) for r, chosen in found if chosen.sum() >= LEAST]
    if not tested:
        raise InputError("nobody can be tested", expected=f"people with {LEAST} cases in common with others")
    p_values = np.array([_p_value(ours[chosen], theirs[chosen], epsilon) for _, chosen in tested])
    won = benjamini_yekutieli(p_values, q)
    persons = tuple(
        Against(
            r,
            int(chosen.sum()),
            float((ours >= theirs)[chosen].mean()),
            float((theirs >= ours)[chosen].mean()),
            float(p_value),
            bool(is_won),
        )
        for (r, chosen), p_value, is_won in zip(tested, p_values, won, strict=True)
    )
    return Alternative(float(won.mean()), float(np.mean([each.judge_share for each in persons])), persons)


def benjamini_yekutieli(p_values: Rows, q: float) -> NDArray[np.bool_]:
    """Which of m hypotheses are rejected: the k smallest p, k the last with p_(k) ≤ k q / (m Σ_{i≤m} 1/i).

    >>> benjamini_yekutieli(np.array([.001, .5, .02]), .05)  # limits .0091, .0182, .0273
    array([ True, False, False])
    """
    m = len(p_values)
    order = np.argsort(p_values)
    limits = np.arange(1, m + 1) * q / (m * (1 / np.arange(1, m + 1)).sum())
    below = np.flatnonzero(p_values[order] <= limits)
    rejected = np.zeros(m, dtype=np.bool_)
    rejected[order[: below[-1] + 1 if len(below) else 0]] = True
    return rejected


def _shares(cases: Codes, labels: Codes, said: Codes) -> tuple[Rows, Rows]:
    """S_f and S_j of each answer; NaN where nobody else answered the case."""
    n_labels = int(max(labels.max(), said.max())) + 1
    counts = np.bincount(cases * n_labels + labels, minlength=len(said) * n_labels).reshape(-1, n_labels)
    others = counts.sum(axis=1)[cases] - 1.0
    others[others == 0] = np.nan
    judged = said[cases]
    same = (counts[cases, judged] - (judged == labels)) * (judged >= 0)
    return same / others, (counts[cases, labels] - 1) / others


def _p_value(ours: Rows, theirs: Rows, epsilon: float) -> float:
    worse = (theirs >= ours).astype(np.float64) - (ours >= theirs)
    spread, away = worse.std(ddof=1), worse.mean() - epsilon
    if spread == 0:  # always the same: no chance about it
        return 0.0 if away < 0 else 1.0
    return float(student_t.cdf(away / (spread / np.sqrt(len(worse))), len(worse) - 1))


def _read(case: ArrayLike, rater: ArrayLike, label: ArrayLike, judge: ArrayLike) -> tuple[Codes, Codes, Codes, Codes]:
    cases, raters, labels, said = (np.asarray(each) for each in (case, rater, label, judge))
    if any(each.ndim != 1 or each.dtype.kind not in "iu" for each in (cases, raters, labels, said)):
        raise InputError("an answer is no code", expected="whole numbers")
    if not len(cases) == len(raters) == len(labels) > 0:
        raise InputError(f"{len(cases)} cases, {len(raters)} raters, {len(labels)} labels", expected="one per answer")
    if min(cases.min(), raters.min(), labels.min()) < 0 or cases.max() >= len(said) or said.min() < -1:
        raise InputError("a code is out of range", expected=f"cases 0 to {len(said) - 1}, raters and labels from 0")
    return cases, raters, labels, said
