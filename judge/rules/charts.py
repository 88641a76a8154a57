"""Charts as geometry: from plain numbers to what `templates/_components/chart.html` writes. Draws nothing itself.

A view makes a :class:`Plot` from two scales, asks it for marks, and hands a :class:`Chart` to the template. Series are
told apart by the letters a to d: by dashes, hatching and the shape of points first, by colour second. A number that is
NaN or infinite is left out, and a line has a gap there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite

from judge.rules.axes import Scale, Tick, place

#: More series than these nobody tells apart: a page that has more says so and draws the first.
SERIES = ("a", "b", "c", "d")
#: The paper in its own units: a phone's width, so that letters stay readable there.
WIDTH, HEIGHT = 360, 232
LEFT, RIGHT, TOP, BOTTOM = 44.0, 350.0, 12.0, 190.0
#: Half the size of a point, and half the width of an interval's ends.
POINT, CAP = 3.5, 3.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One shape: its ``kind`` (line, band, bar, point, whisker, rule), its series, its path, what it says when pointed
    at, and the page behind it."""

    kind: str
    series: str
    path: str
    text: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Axis:
    label: str
    ticks: Sequence[Tick]


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the legend: the series, the kind of mark it stands for, and its name."""

    series: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the table behind a chart."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What the chart shows, in numbers: the first cell of each row names it."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the template needs. ``key`` is unique on its page. ``missing`` says in words why nothing is drawn."""

    key: str
    title: str
    description: str = ""
    x: Axis = Axis("", ())
    y: Axis = Axis("", ())
    marks: Sequence[Mark] = ()
    legend: Sequence[Key] = ()
    table: Table = Table((), ())
    missing: str = ""
    note: str = ""
    width: int = WIDTH
    height: int = HEIGHT
    left: float = LEFT
    right: float = RIGHT
    top: float = TOP
    bottom: float = BOTTOM

    @property
    def role(self) -> str:
        """An image has no parts that a key reaches; a chart whose marks lead somewhere is a group of links."""
        return "group" if any(mark.url and mark.path for mark in self.marks) else "img"

    @property
    def hatched(self) -> list[str]:
        """Series whose bars or bands need a pattern of their own."""
        return sorted({mark.series for mark in self.marks if mark.kind in ("bar", "band")} - {"a"})


@dataclass(frozen=True, slots=True)
class Plot:
    """The area between the axes."""

    x: Scale
    y: Scale

    def line(self, points: Iterable[tuple[float, float]], *, series: str = "a", text: str = "") -> Mark:
        return Mark("line", series, _pieces([self._at(*point) for point in points]), text)

    def steps(self, points: Iterable[tuple[float, float]], *, series: str = "a", text: str = "") -> Mark:
        """A line that keeps each height until the next point."""
        return Mark("line", series, _pieces(_stairs([self._at(*point) for point in points])), text)

    def band(self, rows: Iterable[tuple[float, float, float]], *, series: str = "a", text: str = "") -> Mark:
        """The area between (x, low, high)."""
        known = [row for row in rows if all(map(isfinite, row))]
        ends = [self._at(x, high) for x, _, high in known] + [self._at(x, low) for x, low, _ in reversed(known)]
        return Mark("band", series, f"{_pieces(ends)}Z" if known else "", text)

    def bar(
        self, left: float, right: float, height: float, *, series: str = "a", text: str = "", url: str = ""
    ) -> Mark:
        """From the scale's low end, or from nought where it lies between the ends, up to ``height``."""
        if not all(map(isfinite, (left, right, height))):
            return Mark("bar", series, "", text, url)
        base = min(max(0.0, self.y.low), self.y.high)
        return Mark("bar", series, _box(self.x(left), self.y(height), self.x(right), self.y(base)), text, url)

    def bar_across(
        self, top: float, foot: float, length: float, *, series: str = "a", text: str = "", url: str = ""
    ) -> Mark:
        """A bar that lies: rows of names are read more easily than columns."""
        if not all(map(isfinite, (top, foot, length))):
            return Mark("bar", series, "", text, url)
        base = min(max(0.0, self.x.low), self.x.high)
        return Mark("bar", series, _box(self.x(base), self.y(top), self.x(length), self.y(foot)), text, url)

    def segment_across(
        self, top: float, foot: float, left: float, right: float, *, series: str = "a", text: str = "", url: str = ""
    ) -> Mark:
        """A part of a lying bar, for bars that are stacked."""
        if not all(map(isfinite, (top, foot, left, right))):
            return Mark("bar", series, "", text, url)
        return Mark("bar", series, _box(self.x(left), self.y(top), self.x(right), self.y(foot)), text, url)

    def point(self, x: float, y: float, *, series: str = "a", text: str = "", url: str = "") -> Mark:
        """A disc, square, triangle or diamond, by series."""
        there = self._at(x, y)
        return Mark("point", series, _shape(series, *there) if there else "", text, url)

    def whisker(self, x: float, low: float, high: float, *, series: str = "a", text: str = "") -> Mark:
        """An interval, upright."""
        foot, head = self._at(x, low), self._at(x, high)
        if not (foot and head):
            return Mark("whisker", series, "", text)
        (at, bottom), (_, top) = foot, head
        return Mark("whisker", series, f"M{place(at)} {place(bottom)}V{place(top)}" + _ends_up(at, bottom, top), text)

    def whisker_across(self, y: float, low: float, high: float, *, series: str = "a", text: str = "") -> Mark:
        """An interval that lies."""
        foot, head = self._at(low, y), self._at(high, y)
        if not (foot and head):
            return Mark("whisker", series, "", text)
        (left, at), (right, _) = foot, head
        return Mark(
            "whisker", series, f"M{place(left)} {place(at)}H{place(right)}" + _ends_across(at, left, right), text
        )

    def rule(self, y: float, *, series: str = "a", text: str = "") -> Mark:
        """A line across the whole plot at a height that matters."""
        at = place(self.y(y))
        return Mark("rule", series, f"M{place(self.x.start)} {at}H{place(self.x.end)}" if isfinite(y) else "", text)

    def rule_up(self, x: float, *, series: str = "a", text: str = "") -> Mark:
        """A line over the whole height at a place that matters."""
        at = place(self.x(x)) if isfinite(x) else ""
        return Mark("rule", series, f"M{at} {place(self.y.start)}V{place(self.y.end)}" if at else "", text)

    def _at(self, x: float, y: float) -> tuple[float, float] | None:
        return (self.x(x), self.y(y)) if isfinite(x) and isfinite(y) else None


def rows_of(names: Sequence[str], *, top: float = TOP, each: float = 22.0) -> tuple[Scale, tuple[Tick, ...]]:
    """The upright scale of a chart with one row for each name, and its ticks: row number i has its middle at i + ½."""
    scale = Scale(0, max(1, len(names)), top, top + each * max(1, len(names)))
    return scale, tuple(Tick(place(scale(number + 0.5)), name) for number, name in enumerate(names))


def _pieces(points: Sequence[tuple[float, float] | None]) -> str:
    """A path through the points, broken where one is None."""
    parts, is_on = [], False
    for point in points:
        if point is not None:
            parts.append(f"{'L' if is_on else 'M'}{place(point[0])} {place(point[1])}")
        is_on = point is not None
    return "".join(parts)


def _stairs(points: Sequence[tuple[float, float] | None]) -> list[tuple[float, float] | None]:
    stairs: list[tuple[float, float] | None] = []
    for point in points:
        before = stairs[-1] if stairs else None
        if point and before:
            stairs.append((point[0], before[1]))
        stairs.append(point)
    return stairs


def _box(left: float, top: float, right: float, foot: float) -> str:
    return f"M{place(left)} {place(foot)}V{place(top)}H{place(right)}V{place(foot)}Z"


def _shape(series: str, x: float, y: float) -> str:
    left, right, top, foot = place(x - POINT), place(x + POINT), place(y - POINT), place(y + POINT)
    if series == "b":
        return f"M{left} {top}H{right}V{foot}H{left}Z"
    if series == "c":
        return f"M{place(x)} {top}L{right} {foot}H{left}Z"
    if series == "d":
        return f"M{place(x)} {top}L{right} {place(y)}L{place(x)} {foot}L{left} {place(y)}Z"
    arc = f"A{POINT} {POINT} 0 1 1"
    return f"M{left} {place(y)}{arc} {right} {place(y)}{arc} {left} {place(y)}Z"


def _ends_up(x: float, low: float, high: float) -> str:
    left, right = place(x - CAP), place(x + CAP)
    return "".join(f"M{left} {place(each)}H{right}" for each in (low, high))


def _ends_across(y: float, low: float, high: float) -> str:
    top, foot = place(y - CAP), place(y + CAP)
    return "".join(f"M{place(each)} {top}V{foot}" for each in (low, high))
