"""What a certificate could let through and what it takes, as the page Certificates draws it before there is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from judge.actions import foresight
from judge.actions.foresight import TrainError
from judge.models import Project
from judge.rules.attainable import PARTS, curve, labels_needed, level_at_start, most_attainable
from judge.rules.routing import REFERENCE_PEOPLE
from judge.views.promises import Promise

#: Alphas that the table tells of beside those in force.
USUAL_ALPHAS = (0.05, 0.10, 0.15, 0.20)
#: Errors of a judge at which the curve's table tells its height.
ERRORS = tuple(step / 20 for step in range(21))
#: The picture in its own units: from left to right the judge's error, from bottom to top the share accepted.
LEFT, RIGHT, TOP, BOTTOM = 38.0, 350.0, 14.0, 196.0


@dataclass(frozen=True, slots=True)
class Need:
    """Labels that the accepted region needs at one true risk, None where no number helps; hours of people's time."""

    risk: float
    labels: int | None
    hours: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """The curve of one alpha: points of an SVG polyline, where its name stands, and its heights at ``ERRORS``."""

    alpha: float
    points: str
    label_y: str
    heights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A criterion on its curve: what the judge's error on train items says, with 95 % confidence."""

    number: int
    title: str
    alpha: float
    error: TrainError
    points: str
    x: str
    y: str

    @property
    def most(self) -> float:
        return most_attainable(self.error.share, self.alpha)

    @property
    def at_least(self) -> float:
        return most_attainable(self.error.interval.high, self.alpha)

    @property
    def at_best(self) -> float:
        return most_attainable(self.error.interval.low, self.alpha)


@dataclass(frozen=True, slots=True)
class Attainment:
    lines: Sequence[Line]
    marks: Sequence[Mark]
    needs: Sequence[tuple[float, bool, Sequence[Need]]]
    level: float
    delta: float
    seconds: float | None
    n_timed: int
    n_certify: int
    hours: float | None
    parts: tuple[float, ...] = PARTS
    people: int = REFERENCE_PEOPLE

    @property
    def table(self) -> list[tuple[float, list[float]]]:
        """The heights of all curves at each of ``ERRORS``."""
        return [(mu, [line.heights[place] for line in self.lines]) for place, mu in enumerate(ERRORS)]


def read(project: Project, promises: Sequence[Promise]) -> Attainment:
    assert project.policy is not None
    seconds, n_timed = foresight.median_seconds(project)
    in_force = sorted({each.alpha for each in promises})
    n_certify = sum(each.progress.n for each in promises)
    level = level_at_start(project.policy.delta)
    needs = [
        (alpha, alpha in in_force, [_need(alpha, part, level, seconds) for part in PARTS])
        for alpha in sorted({*USUAL_ALPHAS, *in_force})
    ]
    marks = _marks(project, promises)
    return Attainment(
        list(_lines(in_force)), marks, needs, level, project.policy.delta, seconds, n_timed, n_certify,
        _hours(n_certify, seconds),
    )  # fmt: skip


def _need(alpha: float, part: float, level: float, seconds: float | None) -> Need:
    labels = labels_needed(alpha, part * alpha, level)
    return Need(part * alpha, labels, None if labels is None else _hours(labels, seconds))


def _hours(cases: int, seconds: float | None) -> float | None:
    """At most: the third person is not asked where two agree and the third could change nothing."""
    return None if seconds is None else cases * REFERENCE_PEOPLE * seconds / 3600


def _lines(alphas: Iterable[float]) -> Iterable[Line]:
    """Names stand along the diagonal's foot, one under another, so that near curves keep them apart."""
    for place, alpha in enumerate(alphas):
        points = curve(alpha, (0.0, 1.0))
        yield Line(
            alpha, _polyline(points), f"{TOP + 12 + 14 * place:.1f}",
            tuple(most_attainable(mu, alpha) for mu in ERRORS),
        )  # fmt: skip


def _marks(project: Project, promises: Sequence[Promise]) -> list[Mark]:
    errors = foresight.train_errors(project, project.judge)
    known = [each for each in promises if each.criterion.pk in errors]
    return [_mark(number, each, errors[each.criterion.pk]) for number, each in enumerate(known, 1)]


def _mark(number: int, promise: Promise, error: TrainError) -> Mark:
    ends, alpha = error.interval, promise.alpha
    inner = [mu for mu in (alpha, error.share) if ends.low < mu < ends.high]
    reach = [(mu, most_attainable(mu, alpha)) for mu in sorted({ends.low, ends.high, *inner})]
    x, y = _place(error.share, most_attainable(error.share, alpha))
    return Mark(number, promise.question.title, alpha, error, _polyline(reach), f"{x:.1f}", f"{y:.1f}")


def _polyline(points: Iterable[tuple[float, float]]) -> str:
    return " ".join("{:.1f},{:.1f}".format(*_place(mu, share)) for mu, share in points)


def _place(mu: float, share: float) -> tuple[float, float]:
    return LEFT + mu * (RIGHT - LEFT), BOTTOM - share * (BOTTOM - TOP)
