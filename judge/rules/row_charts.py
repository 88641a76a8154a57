"""Charts with one row for each name: bars, or points, with intervals. Long names are cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from unicodedata import east_asian_width

from judge.rules.axes import Scale, linear
from judge.rules.charts import BOTTOM, HEIGHT, RIGHT, TOP, WIDTH, Axis, Cell, Chart, Mark, Plot, Table, rows_of

#: Where the rows begin, right of their names, and end, so that the axis' last number has room; a name's narrow letters.
NAMES, END, LETTERS = 150.0, RIGHT - 14, 21


@dataclass(frozen=True, slots=True)
class Row:
    """A number with its interval, None where none can be told; ``cells`` are the row of the table behind, its name
    first. ``text`` is what the mark says when pointed at."""

    name: str
    value: float
    low: float | None
    high: float | None
    cells: Sequence[Cell]
    text: str = ""
    url: str = ""

    @property
    def ends(self) -> list[float]:
        return [each for each in (self.value, self.low, self.high) if each is not None and isfinite(each)]


def bars(rows: Sequence[Row], *, write: Callable[[float], str], axis: str, mark_at: float | None = None) -> Chart:
    """Bars from nought with their intervals; ``mark_at``: a place that matters to all rows."""
    known = [each for row in rows for each in row.ends] + ([] if mark_at is None else [mark_at])
    return _chart(rows, linear(known, start=NAMES, end=END, low=0.0, most=4), write, axis, _bar, mark_at)


def points(rows: Sequence[Row], *, write: Callable[[float], str], axis: str) -> Chart:
    """Points with their intervals on both sides of nought, which has a line of its own."""
    known = [each for row in rows for each in row.ends]
    return _chart(rows, linear([0.0, *known], start=NAMES, end=END, most=4), write, axis, _point, 0.0)


def shorten(name: str, letters: int = LETTERS) -> str:
    """A name as it fits into its row; wide letters count twice.

    >>> shorten("relevance"), shorten("a name that nobody can read"), shorten("商品标签与兴趣是否相关相符")
    ('relevance', 'a name that nobody c…', '商品标签与兴趣是否相…')
    """
    widths = [2 if east_asian_width(letter) in "WF" else 1 for letter in name]
    if sum(widths) <= letters:
        return name
    kept = 0
    while sum(widths[: kept + 1]) < letters:
        kept += 1
    return f"{name[:kept].rstrip()}…"


def _chart(
    rows: Sequence[Row],
    x: Scale,
    write: Callable[[float], str],
    axis: str,
    draw: Callable[[Plot, int, Row], Iterable[Mark]],
    mark_at: float | None,
) -> Chart:
    y, names = rows_of([shorten(row.name) for row in rows])
    plot = Plot(x, y)
    marks = [] if mark_at is None else [plot.rule_up(mark_at)]
    for place, row in enumerate(rows):
        marks += draw(plot, place, row)
    return Chart(
        key="",
        title="",
        x=Axis(axis, x.ticks(write, most=4)),
        y=Axis("", names),
        marks=marks,
        table=Table((), [row.cells for row in rows]),
        width=WIDTH,
        height=round(y.end + HEIGHT - BOTTOM),
        left=NAMES,
        right=END,
        top=TOP,
        bottom=y.end,
    )


def _bar(plot: Plot, place: int, row: Row) -> Iterable[Mark]:
    yield plot.bar_across(place + 0.2, place + 0.8, row.value, text=row.text, url=row.url)
    if row.low is not None and row.high is not None:
        yield plot.whisker_across(place + 0.5, row.low, row.high, series="b", text=row.text)


def _point(plot: Plot, place: int, row: Row) -> Iterable[Mark]:
    if row.low is not None and row.high is not None:
        yield plot.whisker_across(place + 0.5, row.low, row.high, text=row.text)
    yield plot.point(row.value, place + 0.5, text=row.text, url=row.url)
