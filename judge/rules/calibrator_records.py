"""Reading the calibrators that judges store. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from judge.errors import InputError
from judge.rules.calibrators import Breakpoints, Calibrator, Pool, Seat, Stack

KINDS = ("identity", "temperature", "pool", "stack", "by_criterion")


def read_calibrator(calibrator: Mapping[str, object], criterion: str = "") -> Calibrator:
    """What a judge's calibrator holds for one criterion (its content hash).

    ``{"kind": "identity"}``, ``{"kind": "temperature", "temperature": 1.5}``, ``{"kind": "pool", "weights": […],
    "bias": {label: b}, "temperature": T}``, ``{"kind": "stack", …}`` as :func:`write_stack` gives it, or
    ``{"kind": "by_criterion", "criteria": {hash: one of these}, "otherwise": one of these}``. Raises InputError for
    anything else.
    """
    kind = calibrator.get("kind", "identity")
    if kind == "by_criterion":
        criteria, otherwise = calibrator.get("criteria"), calibrator.get("otherwise", {"kind": "identity"})
        found = criteria.get(criterion, otherwise) if isinstance(criteria, Mapping) else otherwise
        return read_calibrator(found if isinstance(found, Mapping) else {"kind": "?"})
    if kind not in KINDS:
        raise InputError(f"unknown calibrator {kind!r}", expected=", ".join(KINDS))
    if kind == "identity":
        return Pool()
    return _read_stack(calibrator) if kind == "stack" else _read_pool(calibrator)


def write_stack(stack: Stack) -> dict[str, object]:
    """The record that a judge stores; numbers to six digits."""
    return {
        "kind": "stack",
        "seats": [
            {"slopes": _round(seat.slopes), "vote": round(seat.vote, 6), "outside": round(seat.outside, 6)}
            for seat in stack.seats
        ],
        "bias": _round(stack.bias),
        "length": [round(each, 6) for each in (stack.length_slope, stack.length_centre, stack.length_spread)],
        "tables": {key: [[round(x, 6), round(y, 6)] for x, y in points] for key, points in stack.tables.items()},
    }


def _round(numbers: Mapping[str, float]) -> dict[str, float]:
    return {key: round(value, 6) for key, value in numbers.items()}


def _read_pool(calibrator: Mapping[str, object]) -> Pool:
    weights, bias = calibrator.get("weights", ()), calibrator.get("bias", {})
    temperature = calibrator.get("temperature")
    return Pool(
        weights=tuple(map(float, weights)) if isinstance(weights, Sequence) else (),
        bias={str(key): float(value) for key, value in bias.items()} if isinstance(bias, Mapping) else {},
        temperature=_positive(1.0 if temperature is None else temperature, "temperature"),
    )


def _read_stack(calibrator: Mapping[str, Any]) -> Stack:
    try:
        slope, centre, spread = map(_number, calibrator.get("length", (0.0, 0.0, 1.0)))
        return Stack(
            seats=tuple(_read_seat(each) for each in calibrator["seats"]),
            bias={str(key): _number(value) for key, value in calibrator["bias"].items()},
            length_slope=slope,
            length_centre=centre,
            length_spread=_positive(spread, "spread of lengths"),
            tables={str(key): _read_table(points) for key, points in calibrator.get("tables", {}).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"the calibrator is no stack: {error!r}", expected="seats, bias, length, tables") from error


def _read_seat(seat: Mapping[str, Any]) -> Seat:
    slopes = {str(order): _number(slope) for order, slope in seat["slopes"].items()}
    return Seat(slopes, _number(seat.get("vote", 0.0)), _number(seat.get("outside", 0.0)))


def _read_table(points: Sequence[Sequence[float]]) -> Breakpoints:
    table = tuple((_number(x), _number(y)) for x, y in points)
    if not table or any(b[0] <= a[0] or b[1] < a[1] for a, b in pairwise(table)):
        raise ValueError("a table that does not rise")
    return table


def _number(value: object) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _positive(value: object, name: str) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise InputError(f"the calibrator's {name} is {value!r}", expected="a number above 0")
    return float(value)
