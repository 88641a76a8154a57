"""What a watch said over time, as few points: of the alarm and the running bound, and of the input's martingale.

A history is read on from where it was left and comes out the same, bit by bit, as if it were read from the start: the
bound moves from audit to audit, never by a part of that, and points stand at whole multiples of a step that doubles
whenever they are more than ``MOST_POINTS``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from judge.stats import drift, input_drift, running_bound

MOST_POINTS = 60


@dataclass(frozen=True, slots=True)
class Read:
    """One acceptance as the watch read it: ``is_error`` None where it was not audited; ``at`` is told, not read."""

    decision: int
    confidence: float
    probability: float
    is_error: bool | None
    at: str


@dataclass(slots=True)
class Points:
    """Rows of numbers, the first of them a count, at multiples of ``every`` of that count; ``last`` is the newest."""

    every: int = 1
    kept: list[list[Any]] = field(default_factory=list)
    last: list[Any] = field(default_factory=list)

    def add(self, row: list[Any]) -> None:
        self.last = row
        if row[0] % self.every == 0:
            self.kept.append(row)
        while len(self.kept) > MOST_POINTS:
            self.every *= 2
            self.kept = [each for each in self.kept if each[0] % self.every == 0]

    def next(self, count: int) -> int:
        """How many more until a row is kept."""
        return self.every - count % self.every

    @property
    def shown(self) -> list[list[Any]]:
        """The kept rows and the newest."""
        return self.kept if self.last in self.kept[-1:] or not self.last else [*self.kept, self.last]

    def as_record(self) -> dict[str, Any]:
        return {"every": self.every, "kept": self.kept, "last": self.last}


@dataclass(slots=True)
class AuditHistory:
    """Points: audits, acceptances, errors, level, bound, when. ``decision`` is the audit that was read last."""

    alpha: float
    least: float
    points: Points = field(default_factory=Points)
    alarm: drift.AlarmState = field(default_factory=drift.AlarmState)
    bound: running_bound.BoundState = field(default_factory=running_bound.BoundState)
    n_errors: int = 0
    decision: int = 0

    def read(self, rows: Iterable[Read]) -> None:
        """Read on, in the order of acceptance; what follows the last audit is left for the next time."""
        since: list[Read] = []
        for row in rows:
            since.append(row)
            if row.is_error is not None:
                self._advance(since, row, is_error=row.is_error)
                since = []

    def _advance(self, rows: Sequence[Read], audit: Read, *, is_error: bool) -> None:
        self.alarm = drift.advance_alarm(
            self.alarm, is_error=is_error, probability=audit.probability, alpha=self.alpha, least=self.least
        )
        self.bound = running_bound.advance_bound(
            self.bound,
            expected=[1 - row.confidence for row in rows],
            is_error=[math.nan if row.is_error is None else row.is_error for row in rows],
            probability=[row.probability for row in rows],
            least=self.least,
        )
        self.n_errors += is_error
        self.decision = audit.decision
        self.points.add([
            self.alarm.n_audited, self.bound.n_accepted, self.n_errors, round(self.alarm.level, 4),
            round(running_bound.bound(self.bound, least=self.least), 6), audit.at,
        ])  # fmt: skip

    def as_record(self) -> dict[str, Any]:
        return {
            "points": self.points.as_record(), "alarm": self.alarm.as_record(), "bound": self.bound.as_record(),
            "n_errors": self.n_errors, "decision": self.decision,
        }  # fmt: skip


def read_audits(record: Mapping[str, Any], *, alpha: float, least: float) -> AuditHistory:
    """The history that ``as_record`` gave; an empty record is the start."""
    return AuditHistory(
        alpha, least, Points(**record.get("points", {})), drift.read_alarm(record.get("alarm", {})),
        running_bound.read_bound(record.get("bound", {})), record.get("n_errors", 0), record.get("decision", 0),
    )  # fmt: skip


@dataclass(slots=True)
class InputHistory:
    """Points: confidences, log of the martingale, when."""

    points: Points = field(default_factory=Points)
    state: input_drift.InputState = field(default_factory=input_drift.InputState)
    decision: int = 0

    def read(self, rows: Sequence[tuple[int, float, str]], ties: Sequence[float]) -> None:
        """``rows``: decision, confidence, when; ``ties`` those that the watch used."""
        done, count = 0, sum(self.state.counts)
        while done < len(rows):
            end = min(len(rows), done + self.points.next(count))
            self.state = input_drift.advance_input(
                self.state, confidence=[row[1] for row in rows[done:end]], tie=ties[done:end]
            )
            count, done = count + end - done, end
            self.decision, at = rows[done - 1][0], rows[done - 1][2]
            self.points.add([count, round(self.state.log_wealth, 6), at])

    def as_record(self) -> dict[str, Any]:
        return {"points": self.points.as_record(), "state": self.state.as_record(), "decision": self.decision}


def read_input(record: Mapping[str, Any]) -> InputHistory:
    return InputHistory(
        Points(**record.get("points", {})), input_drift.read_input(record.get("state", {})), record.get("decision", 0)
    )
