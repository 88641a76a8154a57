"""The charts of the page Risk, from counted figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from judge.models import Certificate
from judge.rules.axes import Scale, linear
from judge.rules.charts import BOTTOM, LEFT, RIGHT, TOP, Axis, Cell, Chart, Key, Plot, Table
from judge.templatetags.words import percent, tenths
from judge.views.coverage_rows import Row

#: Where the slider's rule stands, for a browser that moves it.
X = Scale(0.5, 1.0, LEFT, RIGHT)


@dataclass(frozen=True, slots=True)
class Point:
    """What is accepted from a confidence on: of ``n_all`` cases ``n``, and of these ``errors`` wrong."""

    threshold: float
    n_all: int
    n: int
    errors: int
    low: float
    high: float

    @property
    def coverage(self) -> float:
        return self.n / self.n_all

    @property
    def risk(self) -> float:
        return self.errors / self.n


def points(coverage: Mapping[str, Any]) -> list[Point]:
    return [Point(t, coverage["n"], n, errors, low, high) for t, n, errors, low, high in coverage["points"] if n]


def place_of(row: Row) -> str:
    """Where the target stands on the paper of :func:`targets`, left to right."""
    return f"{X(1 - row.alpha):.1f}"


def targets(rows: Sequence[Row], chosen: Row, in_force: float) -> Chart:
    """The share accepted over the agreement asked for. Its table is the page's own: a browser reads it as it slides."""
    plot = Plot(X, Scale(0, 1, BOTTOM, TOP))
    return Chart(
        "targets",
        _("What each target would accept"),
        _("To the right more agreement is asked for and less is accepted."),
        Axis(_("agreement asked for"), plot.x.ticks(percent)),
        Axis(_("share of cases accepted"), plot.y.ticks(percent)),
        [
            plot.band([(1 - row.alpha, row.low, row.high) for row in rows]),
            plot.line([(1 - row.alpha, row.most) for row in rows], series="b"),
            plot.steps([(1 - row.alpha, row.share) for row in rows]),
            plot.rule_up(1 - in_force, text=_("the policy in force")),
            plot.rule_up(1 - chosen.alpha, series="b", text=_("the target chosen")),
        ],
        [
            Key("a", "line", _("a test would certify")),
            Key("a", "band", _("8 in 10 tests")),
            Key("b", "line", _("no method can accept more")),
            Key("b", "rule", _("the target chosen")),
            Key("a", "rule", _("the policy in force")),
        ],
    )


def risk(found: Sequence[Point], alpha: float, certificate: Certificate | None) -> Chart:
    """Disagreement over the share accepted, each point with its own interval; the certificate where there is one."""
    proven = certificate if certificate and certificate.threshold is not None else None
    highest = max([each.high for each in found if each.coverage >= 0.05] or [1.0])
    plot = Plot(Scale(0, 1, LEFT, RIGHT), linear([min(1.0, highest), alpha], start=BOTTOM, end=TOP, low=0.0))
    marks = [
        plot.band([(each.coverage, each.low, each.high) for each in found]),
        plot.line([(each.coverage, each.risk) for each in found]),
        plot.rule(alpha, series="b", text=_("disagreement that the target allows")),
    ]
    legend = [
        Key("a", "line", _("people do not agree")),
        Key("a", "band", _("its 95 % range, point by point")),
        Key("b", "rule", _("the target allows")),
    ]
    if proven and proven.n_accepted:
        told = _("the certificate: %(k)s of %(n)s") % {"k": proven.n_errors, "n": proven.n_accepted}
        marks.append(plot.point(proven.coverage, proven.n_errors / proven.n_accepted, series="b", text=told))
        legend.append(Key("b", "point", told))
    return Chart(
        "risk",
        _("Risk over coverage"),
        _("Accepting more, the judge being less sure of it, lets more errors in."),
        Axis(_("share of cases accepted"), plot.x.ticks(percent)),
        Axis(_("share on which people do not agree"), plot.y.ticks(tenths)),
        marks,
        legend,
        Table(
            (_("Confidence from"), _("Accepted"), _("People do not agree"), _("95 % range")),
            [_cells(each) for each in found],
        ),
    )


def _cells(point: Point) -> Sequence[Cell]:
    ends = _("%(low)s to %(high)s") % {"low": tenths(point.low), "high": tenths(point.high)}
    accepted = f"{tenths(point.coverage)} · {point.n:,}"
    return [
        Cell(f"{point.threshold:.4f}"),
        Cell(accepted),
        Cell(f"{tenths(point.risk)} · {point.errors:,}"),
        Cell(ends),
    ]
