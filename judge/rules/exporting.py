"""What an export leaves out and how it is split: words of the command line and the page, as records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from judge.errors import InputError
from judge.rules.settling import Basis

#: What the parts of a split are called, by how many there are: the names that ``datasets`` knows.
SPLIT_NAMES = {1: ("train",), 2: ("train", "test"), 3: ("train", "validation", "test")}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which live labels an export takes; everything empty takes them all.

    ``min_p``: the label's own probability is at least this. ``rubric``: a version, whose criteria are taken. ``since``
    (included) and ``until`` (excluded) are times of agreement.
    """

    min_p: float | None = None
    criterion: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    generator: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    rubric: int | None = None
    round: tuple[int, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """What is set, as JSON knows it.

        >>> Filters(min_p=0.9, basis=("judge",)).as_json()
        {'min_p': 0.9, 'basis': ['judge']}
        """
        return {key: _plain(value) for key, value in asdict(self).items() if value not in (None, ())}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Filters:
        times = {key: datetime.fromisoformat(told[key]) for key in ("since", "until") if key in told}
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in told.items()
        }
        return cls(**(values | times))


def parse_filters(words: Iterable[str]) -> Filters:
    """``key=value`` words; several values are separated by commas, rounds may be a range. Raises InputError.

    >>> parse_filters(["basis=consensus,adjudicated", "round=2..4", "min_p=.9"])
    Filters(min_p=0.9, ..., basis=('consensus', 'adjudicated'), ..., round=(2, 3, 4), ...)
    """
    found: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or key not in _READERS or not value.strip():
            raise InputError(f'"{word}" is no filter', where="--where", expected=f"KEY=VALUE, KEY one of {_KEYS}")
        if key in found:
            raise InputError(f"{key} comes twice", where="--where", expected=f"once, as {key}=ONE,OTHER")
        found[key] = _READERS[key](value.strip())
    return Filters(**found)


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise InputError(f'min_p is "{text}"', where="--where", expected="a probability, for example .9")
    return value


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _bases(text: str) -> tuple[str, ...]:
    found = _names(text)
    if unknown := set(found) - {each.value for each in Basis}:
        expected = ", ".join(each.value for each in Basis)
        raise InputError(f'there is no basis "{min(unknown)}"', where="--where", expected=expected)
    return found


def _version(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise InputError(f'rubric is "{text}"', where="--where", expected="a version, for example 2")
    return int(text)


def _rounds(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in _names(text):
        first, _, last = part.partition("..")
        try:
            ends = int(first), int(last or first)
        except ValueError:
            raise _no_rounds(text) from None
        if ends[1] < ends[0] or ends[1] - ends[0] > 10_000:
            raise _no_rounds(text)
        found += range(ends[0], ends[1] + 1)
    return tuple(dict.fromkeys(found))


def _no_rounds(text: str) -> InputError:
    return InputError(f'round is "{text}"', where="--where", expected="numbers or a range: 3 or 1,2 or 1..4")


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f'"{text}" is no time', where="--where", expected="2026-11-24 or 2026-11-24T18:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_READERS: dict[str, Any] = {
    "min_p": _probability, "criterion": _names, "basis": _bases, "generator": _names, "language": _names,
    "rubric": _version, "round": _rounds, "since": _moment, "until": _moment,
}  # fmt: skip
_KEYS = ", ".join(field.name for field in fields(Filters))


@dataclass(frozen=True, slots=True)
class Split:
    """Shares of contexts by name, in order. Where they sum to less than 1, the rest fits no split and is left out."""

    names: tuple[str, ...]
    shares: tuple[float, ...]

    @property
    def ends(self) -> tuple[float, ...]:
        """Where each part of [0, 1) ends.

        >>> Split(("train", "test"), (0.9, 0.1)).ends
        (0.9, 1.0)
        """
        return tuple(round(sum(self.shares[: index + 1]), 9) for index in range(len(self.shares)))


def parse_split(text: str) -> Split | None:
    """Shares divided by slashes; None for an empty text. Raises InputError.

    >>> parse_split(".9/.05/.05").names
    ('train', 'validation', 'test')
    """
    if not text.strip():
        return None
    try:
        shares = tuple(float(part) for part in text.split("/"))
    except ValueError:
        shares = ()
    if len(shares) not in SPLIT_NAMES or not all(0 < share <= 1 for share in shares) or sum(shares) > 1 + 1e-9:
        raise InputError(f'"{text}" is no split', where="--split", expected="at most 3 shares as .9/.05/.05, sum <= 1")
    return Split(SPLIT_NAMES[len(shares)], shares)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
