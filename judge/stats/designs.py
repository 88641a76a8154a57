"""What a calibrator's stack sees of cases, as numbers: the columns x_j(k) of judge.rules.calibrators.Stack.

A column holds one number for each case and label. Its slope is the same for all labels.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from judge.errors import InputError
from judge.rules.calibrators import FLOOR, PSEUDO_VOTES, Answer, Probs, Seat, scaled_length, spread

type Rows = NDArray[np.float64]
type Codes = NDArray[np.int64]

#: Below this spread of log-lengths, length tells nothing.
_STILL = 1e-6
VOTE, OUTSIDE, LENGTH = "vote", "outside", "length"


class Labelled(Protocol):
    """judge.stats.calibrators.Lesson."""

    @property
    def answers(self) -> Sequence[Answer]: ...
    @property
    def label(self) -> str: ...
    @property
    def context(self) -> Hashable: ...
    @property
    def length(self) -> int | None: ...
    @property
    def weight(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Column:
    """``seat``: the place of the rater, −1 for none. ``kind``: vote, outside, length or "order:" and an order."""

    seat: int
    kind: str
    start: float

    @property
    def is_signed(self) -> bool:
        return self.kind in (OUTSIDE, LENGTH)


@dataclass(frozen=True, slots=True)
class Design:
    """n cases, J columns, K labels: ``columns`` (n × J × K), ``pooled`` (n × K): the raters' mean log-probabilities,
    ``places`` (n) of people's labels, ``contexts`` and ``weights`` (n), ``scaling``: log-lengths' centre and spread."""

    what: tuple[Column, ...]
    columns: Rows
    pooled: Rows
    places: Codes
    contexts: Codes
    weights: Rows
    scaling: tuple[float, float]

    @property
    def start(self) -> Rows:
        return np.array([each.start for each in self.what])

    @property
    def is_signed(self) -> list[bool]:
        return [each.is_signed for each in self.what]

    def take(self, rows: Codes) -> Design:
        return replace(
            self,
            columns=self.columns[rows],
            pooled=self.pooled[rows],
            places=self.places[rows],
            contexts=self.contexts[rows],
            weights=self.weights[rows],
        )

    def seats(self, slopes: Rows) -> tuple[Seat, ...]:
        """Fitted slopes (J), sorted to the raters that they belong to."""
        told = list(zip(self.what, map(float, slopes), strict=True))
        return tuple(_seat([(each.kind, slope) for each, slope in told if each.seat == r]) for r in self._raters)

    def length(self, slopes: Rows) -> tuple[float, float, float]:
        """Slope, centre and spread of log-lengths."""
        found = [float(s) for each, s in zip(self.what, slopes, strict=True) if each.kind == LENGTH]
        return (found[0] if found else 0.0, *self.scaling)

    @property
    def _raters(self) -> range:
        return range(max(each.seat for each in self.what) + 1)


def design(lessons: Sequence[Labelled], labels: Sequence[str]) -> Design:
    """The numbers of ``lessons``; raises InputError as judge.stats.calibrators.fit_calibrator says."""
    _check(lessons, labels)
    known: dict[Hashable, int] = {}
    contexts = np.array([known.setdefault(each.context, len(known)) for each in lessons])
    if len(known) < 2:
        raise InputError("all labels are of one context", expected="labels from two contexts at least")
    n_raters = len(lessons[0].answers)
    pooled = np.mean([_logs([spread(each.answers[r], labels) for each in lessons], labels) for r in range(n_raters)], 0)
    scaling = _scaling([each.length for each in lessons])
    parts = [
        part for r in range(n_raters) for part in _rater([each.answers[r] for each in lessons], labels, r, n_raters)
    ]
    lengths = np.array([scaled_length(each.length, *scaling) for each in lessons])
    if lengths.any():
        parts.append((Column(-1, LENGTH, 0.0), lengths[:, None] * pooled))
    return Design(
        what=tuple(column for column, _ in parts),
        columns=np.stack([numbers for _, numbers in parts], axis=1),
        pooled=pooled,
        places=np.array([labels.index(each.label) for each in lessons]),
        contexts=contexts,
        weights=np.array([each.weight for each in lessons], dtype=np.float64),
        scaling=scaling,
    )


def _rater(answers: Sequence[Answer], labels: Sequence[str], seat: int, n_raters: int) -> list[tuple[Column, Rows]]:
    """The columns of one rater: only those in which something differs from nothing."""
    orders = sorted({order for each in answers for order in each.by_order}) or [""]
    is_told = np.array([bool(each.probs) for each in answers])
    parts = []
    for order in orders:
        logs = _logs([each.by_order.get(order) or each.probs for each in answers], labels)
        parts.append((Column(seat, f"order:{order}", 1 / n_raters / len(orders)), logs * is_told[:, None]))
    outside = np.array([each.outside for each in answers]) * is_told
    if outside.any():
        logs = _logs([each.probs for each in answers], labels)
        parts.append((Column(seat, OUTSIDE, 0.0), outside[:, None] * logs))
    if not is_told.all():
        votes = np.array([[not each.probs and each.label == label for label in labels] for each in answers])
        one_vote = np.log((1 + PSEUDO_VOTES) / PSEUDO_VOTES)
        parts.append((Column(seat, VOTE, float(one_vote) / n_raters), votes.astype(np.float64)))
    return parts


def _seat(told: Sequence[tuple[str, float]]) -> Seat:
    by_kind = dict(told)
    slopes = {kind.removeprefix("order:"): slope for kind, slope in told if kind.startswith("order:")}
    return Seat(slopes, by_kind.get(VOTE, 0.0), by_kind.get(OUTSIDE, 0.0))


def _logs(rows: Sequence[Probs], labels: Sequence[str]) -> Rows:
    found = np.array([[each.get(label, 0.0) for label in labels] for each in rows])
    logs: Rows = np.log(np.maximum(found, FLOOR))
    return logs


def _scaling(lengths: Sequence[int | None]) -> tuple[float, float]:
    told = np.log1p([each for each in lengths if each is not None])
    if len(told) < 2 or told.std() < _STILL:
        return (float(told.mean()) if len(told) else 0.0), 1.0
    return float(told.mean()), float(told.std())


def _check(lessons: Sequence[Labelled], labels: Sequence[str]) -> None:
    if not lessons:
        raise InputError("there is no label to learn from", expected="one case at least")
    for place, each in enumerate(lessons):
        problem = _problem(each, labels, len(lessons[0].answers))
        if problem:
            raise InputError(problem, where=f"case {place}", expected="answers, a label and a weight that can be")
    if not any(each.weight > 0 for each in lessons):
        raise InputError("every case has weight 0", expected="one above 0")


def _problem(each: Labelled, labels: Sequence[str], n_raters: int) -> str:
    if each.label not in labels:
        return f'label "{each.label}" is not in the scale'
    if not each.answers or len(each.answers) != n_raters:
        return f"{len(each.answers)} answers where others have {n_raters}"
    if not 0 <= each.weight < float("inf"):
        return f"weight {each.weight}"
    return next((problem for answer in each.answers if (problem := _wrong(answer, labels))), "")


def _wrong(answer: Answer, labels: Sequence[str]) -> str:
    if not answer.probs and answer.label not in labels:
        return "an unscored answer" if answer.label is None else f'label "{answer.label}" is not in the scale'
    told = [answer.outside, *answer.probs.values(), *(p for probs in answer.by_order.values() for p in probs.values())]
    return next((f"probability {p}" for p in told if not 0 <= p <= 1 + 1e-9), "")
