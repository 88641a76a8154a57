"""Where numbers stand on paper: scales with round ticks. Plain floats in, plain floats and texts out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

#: Steps between ticks that people read without counting.
ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where it stands, and what is written beside it."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """From numbers between ``low`` and ``high`` to places between ``start`` and ``end``; what lies outside stands at
    the nearer end.

    >>> Scale(0, 10, start=40, end=240)(5)
    140.0
    """

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        low, high, value = (self._bent(each) for each in (self.low, self.high, value))
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    def ticks(self, write: Callable[[float], str], *, most: int = 5) -> tuple[Tick, ...]:
        """At most about ``most`` round numbers, written by ``write``."""
        values = decades(self.low, self.high, most) if self.is_log else steps(self.low, self.high, most)
        return tuple(Tick(place(self(each)), write(each)) for each in values)

    def _bent(self, value: float) -> float:
        return log10(max(value, self.low)) if self.is_log else value


def linear(values: list[float], *, start: float, end: float, low: float | None = None, most: int = 5) -> Scale:
    """A scale that holds all finite ``values``, and ``low`` if given, and ends at round numbers."""
    known = [each for each in [*values, *([] if low is None else [low])] if isfinite(each)] or [0.0, 1.0]
    least, greatest = min(known), max(known)
    if least == greatest:
        greatest = least + (abs(least) or 1.0)
    step = round_step(greatest - least, most)
    return Scale(floor(least / step) * step, ceil(greatest / step - 1e-9) * step, start, end)


def logarithmic(values: list[float], *, start: float, end: float) -> Scale:
    """A scale over powers of ten that holds all positive finite ``values``."""
    known = [each for each in values if isfinite(each) and each > 0] or [1.0, 10.0]
    low, high = 10.0 ** floor(log10(min(known))), 10.0 ** ceil(log10(max(known)))
    return Scale(low, high if high > low else 10 * low, start, end, is_log=True)


def round_step(span: float, most: int) -> float:
    """The smallest round step that takes at most ``most`` steps over ``span``.

    >>> round_step(0.83, 5)
    0.2
    """
    raw = span / most
    power = 10.0 ** floor(log10(raw))
    return next((step * power for step in ROUND if step * power >= raw * (1 - 1e-9)), 10 * power)


def steps(low: float, high: float, most: int) -> Iterator[float]:
    """Round numbers from ``low`` to ``high``."""
    step = round_step(high - low, most)
    for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1):
        yield round(number * step, 12)


def decades(low: float, high: float, most: int) -> Iterator[float]:
    """Powers of ten from ``low`` to ``high``, thinned to about ``most``."""
    first, last = round(log10(low)), round(log10(high))
    for power in range(first, last + 1, max(1, ceil((last - first) / most))):
        yield 10.0**power


def place(value: float) -> str:
    """A coordinate as SVG has it: a tenth of a unit is finer than any eye, and no locale writes a comma.

    >>> place(12.0), place(3.14159)
    ('12', '3.1')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
