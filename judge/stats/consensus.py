"""What people's answers amount to when each person has a skill of their own: variational Dawid–Skene.

Person r answers l to a case whose label is k with probability C_r[k, l]; every row C_r[k, ·] has a Dirichlet prior with
a_kk = 4 and a_kl = 1: an unknown person is right 4 : 1 against each other label. By turns:

    n_r[k, l] = Σ_{answers (i, l) of r} v_i q_i(k)                       v_i: the case's weight, 1 where none is given
    E_r[k, l] = ψ(a_kl + n_r[k, l]) − ψ(Σ_m a_km + n_r[k, m])
    q_i(k)   ∝ p̂_i(k) exp Σ_{answers (r, l) to i} E_r[k, l]              p̂ uniform where there is none

Dawid & Skene (1979), Applied Statistics 28:20-28; the variational form with these priors is the independent Bayesian
classifier combination of Kim & Ghahramani (2012), AISTATS. For people only: machines err together, which this model
cannot see. q is too sure of itself and needs calibration before anything rests on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import digamma

from judge.errors import InputError

type Rows = NDArray[np.float64]
type Codes = NDArray[np.int64]

#: As judge.rules.skills.PRIOR_RIGHT and PRIOR_WRONG.
RIGHT, WRONG = 4.0, 1.0
#: As judge.rules.verdicts.FLOOR: no p̂ may veto a label for good.
FLOOR = 1e-6
#: The fit ends when a case's probabilities move by no more than this on average (sum over labels), or after so many
#: rounds. An average, because in a large set a few cases on the edge would go on for long and change no skill.
TOLERANCE, ROUNDS = 1e-5, 100


@dataclass(frozen=True, slots=True)
class Consensus:
    """``posterior`` (n_cases × K) and ``confusion`` (n_raters × K × K): the posterior mean of C_r[label, answer].

    Persons without an answer have the prior's confusion, cases without an answer their prior.
    """

    posterior: Rows
    confusion: Rows
    iterations: int
    converged: bool

    @property
    def skill(self) -> Rows:
        """Probability (n_raters) that a person is right about a case whose label is any of the K with equal chance."""
        skills: Rows = np.einsum("rkk->r", self.confusion) / self.confusion.shape[1]
        return skills


def dawid_skene(
    *,
    case: ArrayLike,
    rater: ArrayLike,
    label: ArrayLike,
    n_labels: int,
    prior: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    tolerance: float = TOLERANCE,
    rounds: int = ROUNDS,
) -> Consensus:
    """Fit answers given as three equally long lists of codes from 0.

    ``prior`` (n_cases × n_labels): p̂ of each case, a uniform row where there is none. ``weight`` (n_cases): how much a
    case counts in the skills, for cases that are no random sample; 0 leaves it out, and it still gets its posterior.
    Answers of one person to one case each count. Raises InputError for codes, priors or weights that cannot be.

    >>> fit = dawid_skene(case=[0, 0, 1, 1], rater=[0, 1, 0, 1], label=[0, 0, 1, 1], n_labels=2)
    >>> fit.posterior.argmax(axis=1).tolist(), fit.converged
    ([0, 1], True)
    """
    cases, raters, labels = _read_codes(case, rater, label, n_labels)
    n_cases = _count_cases(cases, prior, weight)
    log_prior = np.log(_read_prior(prior, n_cases, n_labels))
    counted = _read_weight(weight, n_cases)
    n_raters = int(raters.max(initial=-1)) + 1
    answers = sparse.csr_matrix(
        (np.ones(len(cases)), (cases, raters * n_labels + labels)), shape=(n_cases, n_raters * n_labels)
    )
    return _fit(answers, log_prior, counted, n_raters, tolerance, rounds)


def _fit(
    answers: sparse.csr_matrix, log_prior: Rows, weight: Rows, n_raters: int, tolerance: float, rounds: int
) -> Consensus:
    """``answers``: n_cases × (n_raters · K) counts. Posteriors are K × n_cases here: sums over a short row are slow."""
    across = np.ascontiguousarray(log_prior.T)
    posterior, moved, iterations = _start(answers, log_prior), np.inf, 0
    while moved > tolerance and iterations < rounds:
        counts = _count(answers, posterior * weight, n_raters)
        found = _posterior(answers, across, counts)
        moved, posterior, iterations = float(np.abs(found - posterior).sum() / found.shape[1]), found, iterations + 1
    counts = _count(answers, posterior * weight, n_raters)
    confusion = counts / counts.sum(axis=2, keepdims=True)
    return Consensus(np.ascontiguousarray(posterior.T), confusion, iterations, bool(moved <= tolerance))


def _start(answers: sparse.csr_matrix, log_prior: Rows) -> Rows:
    """Shares of the votes, with the prior as one vote more where it leans at all."""
    n_labels = log_prior.shape[1]
    votes = answers @ np.tile(np.eye(n_labels), (answers.shape[1] // n_labels, 1))
    votes += np.exp(log_prior) * (np.ptp(log_prior, axis=1, keepdims=True) > 0)
    total = votes.sum(axis=1, keepdims=True)
    shares: Rows = np.where(total > 0, votes / np.maximum(total, FLOOR), 1 / n_labels)
    return np.ascontiguousarray(shares.T)


def _count(answers: sparse.csr_matrix, posterior: Rows, n_raters: int) -> Rows:
    """Dirichlet parameters a + n (n_raters × K labels × K answers)."""
    n_labels = len(posterior)
    counts = answers.T @ np.ascontiguousarray(posterior.T)
    added: Rows = counts.reshape(n_raters, n_labels, n_labels).transpose(0, 2, 1) + WRONG
    added += (RIGHT - WRONG) * np.eye(n_labels)
    return added


def _posterior(answers: sparse.csr_matrix, log_prior: Rows, counts: Rows) -> Rows:
    """One column of log-odds against the last label for each other label: K − 1 products instead of K."""
    n_labels = len(log_prior)
    expected = digamma(counts) - digamma(counts.sum(axis=2, keepdims=True))
    odds = (expected[:, :-1] - expected[:, -1:]).transpose(0, 2, 1).reshape(-1, n_labels - 1)
    scores = log_prior.copy()
    scores[:-1] += (answers @ np.ascontiguousarray(odds)).T
    scores -= scores.max(axis=0)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=0)
    return scores


def _read_codes(case: ArrayLike, rater: ArrayLike, label: ArrayLike, n_labels: int) -> tuple[Codes, Codes, Codes]:
    if n_labels < 2:
        raise InputError(f"{n_labels} labels", expected="a scale of two labels at least")
    cases, raters, labels = (
        _read_code(name, given) for name, given in (("case", case), ("rater", rater), ("label", label))
    )
    if not len(cases) == len(raters) == len(labels):
        raise InputError(
            f"{len(cases)} cases, {len(raters)} raters, {len(labels)} labels", expected="one of each per answer"
        )
    if labels.max(initial=0) >= n_labels:
        raise InputError(f"label code {labels.max()}", expected=f"0 to {n_labels - 1}")
    return cases, raters, labels


def _read_code(name: str, given: ArrayLike) -> Codes:
    codes = np.asarray(given)
    if codes.size == 0:
        codes = codes.astype(np.int64)
    if codes.ndim != 1 or codes.dtype.kind not in "iu" or codes.min(initial=0) < 0:
        raise InputError(f"{name} is no list of codes", expected="whole numbers from 0")
    return codes.astype(np.int64, copy=False)


def _count_cases(cases: Codes, prior: ArrayLike | None, weight: ArrayLike | None) -> int:
    """As many as the priors or weights tell; without either as many as the codes name, one at least."""
    named = int(cases.max(initial=-1)) + 1
    told = next((len(np.asarray(each)) for each in (prior, weight) if each is not None), named)
    if told == 0:
        raise InputError("there is no answer and no case", expected="one at least")
    if named > told:
        raise InputError(f"case code {named - 1}", expected=f"0 to {told - 1}, as prior or weight has {told} rows")
    return told


def _read_prior(prior: ArrayLike | None, n_cases: int, n_labels: int) -> Rows:
    if prior is None:
        return np.full((n_cases, n_labels), 1 / n_labels)
    rows = np.asarray(prior, dtype=np.float64)
    if rows.shape != (n_cases, n_labels):
        raise InputError(f"prior has shape {rows.shape}", expected=f"({n_cases}, {n_labels})")
    # a NaN fails the comparison
    wrong = ~((rows >= 0) & (rows <= 1)).all(axis=1) | ~(np.abs(rows.sum(axis=1) - 1) <= 1e-3)
    if wrong.any():
        place = int(wrong.argmax())
        raise InputError(f"prior {rows[place]}", where=f"case {place}", expected="probabilities that sum to 1")
    floored: Rows = np.maximum(rows, FLOOR)
    return floored / floored.sum(axis=1, keepdims=True)


def _read_weight(weight: ArrayLike | None, n_cases: int) -> Rows:
    if weight is None:
        return np.ones(n_cases)
    given = np.asarray(weight, dtype=np.float64)
    if given.shape != (n_cases,) or not np.all((given >= 0) & np.isfinite(given)):
        raise InputError("weight holds what is no weight", expected=f"{n_cases} numbers from 0")
    return given
