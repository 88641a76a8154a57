"""The charts of the page Calibration, from counted figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from judge.actions.calibration_figures import BINS, LEAST_CASES
from judge.rules.axes import Scale, linear
from judge.rules.charts import BOTTOM, LEFT, RIGHT, TOP, Axis, Cell, Chart, Key, Plot, Table
from judge.templatetags.words import percent, tenths

#: (confidence, share right, low, high, times) at each confidence.
type Rows = Sequence[Sequence[float]]


def reliability(key: str, title: str, side: Mapping[str, Any] | None, n: int) -> Chart:
    """The isotonic share right over confidence (CORP), and the band in which it lies where confidences mean what they
    say."""
    if side is None:
        return Chart(key, title, missing=_missing(n))
    rows: Rows = side["diagram"]
    least = min(0.9, int(10 * rows[0][0]) / 10)
    plot = Plot(Scale(least, 1, LEFT, RIGHT), Scale(0, 1, BOTTOM, TOP))
    return Chart(
        key,
        title,
        _("Below the diagonal the judge is surer than it should be. Within the band chance alone explains it."),
        Axis(_("confidence"), plot.x.ticks(percent)),
        Axis(_("share on which people agree"), plot.y.ticks(percent)),
        [
            plot.band([(row[0], row[2], row[3]) for row in rows]),
            plot.line([(least, least), (1, 1)], series="b"),
            plot.line([(row[0], row[1]) for row in rows]),
        ],
        [
            Key("a", "line", _("people agree")),
            Key("b", "line", _("what the confidence says")),
            Key("a", "band", _("9 in 10 judges that mean what they say lie here")),
        ],
        Table(
            (_("Confidence"), _("People agree"), _("Band"), _("Cases")),
            [_row(block) for block in _blocks(rows)],
        ),
    )


def histogram(key: str, bins: Sequence[Sequence[int]]) -> Chart:
    """How sure the judge is, and of how many of these people do not agree."""
    title = _("How sure the judge is")
    if not sum(n for n, _right in bins):
        return Chart(key, title, missing=_("No answered case has a confidence yet."))
    first = next(place for place, (n, _right) in enumerate(bins) if n)
    shown = [(place / BINS, n, n - right) for place, (n, right) in enumerate(bins) if place >= first]
    plot = Plot(
        Scale(first / BINS, 1, LEFT, RIGHT),
        linear([float(n) for _left, n, _wrong in shown], start=BOTTOM, end=TOP, low=0.0),
    )
    bars = [("a", left, n) for left, n, _wrong in shown] + [("b", left, wrong) for left, _n, wrong in shown if wrong]
    return Chart(
        key,
        title,
        _("Tall bars at the right: the judge is sure of most cases. Hatched: people do not agree with it."),
        Axis(_("confidence"), plot.x.ticks(percent)),
        Axis(_("cases"), plot.y.ticks(lambda value: f"{value:,.0f}")),
        [plot.bar(left, left + 1 / BINS, n, series=series) for series, left, n in bars],
        [Key("a", "bar", _("cases")), Key("b", "bar", _("of them people do not agree"))],
        Table(
            (_("Confidence"), _("Cases"), _("People do not agree")),
            [
                (Cell(_range(left, left + 1 / BINS)), Cell(f"{n:,}"), Cell(f"{wrong:,}"))
                for left, n, wrong in shown
            ],
        ),
    )  # fmt: skip


def _blocks(rows: Rows) -> Iterator[Rows]:
    """Isotonic regression gives one share to neighbours that it pooled: each such block is a row of the table."""
    for _share, block in groupby(rows, key=lambda row: row[1]):
        yield list(block)


def _row(block: Rows) -> Sequence[Cell]:
    """The band is that of the block's middle."""
    middle, n = block[len(block) // 2], int(sum(row[4] for row in block))
    ends = _range(block[0][0], block[-1][0])
    return [Cell(ends), Cell(tenths(middle[1])), Cell(_range(middle[2], middle[3])), Cell(f"{n:,}")]


def _range(low: float, high: float) -> str:
    if tenths(low) == tenths(high):
        return tenths(low)
    return _("%(low)s to %(high)s") % {"low": tenths(low), "high": tenths(high)}


def _missing(n: int) -> str:
    words = ngettext(
        "A diagram takes %(least)d answered cases with a confidence; there is %(n)d.",
        "A diagram takes %(least)d answered cases with a confidence; there are %(n)d.",
        n,
    )
    return words % {"least": LEAST_CASES, "n": n}
