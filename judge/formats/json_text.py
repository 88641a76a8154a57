"""JSON as Cojudge takes it: strict in, canonical out."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping

DEEPEST = 32  # levels of nesting; far below what would exhaust Python's or PostgreSQL's stack


class NotJson(ValueError):
    """The text is no JSON at all."""


class RefusedJson(ValueError):
    """The text is JSON to some readers, but would lose or bend something here."""


def decode(text: str) -> object:
    """The value that ``text`` spells, or NotJson, or RefusedJson for doubled keys, NaN, infinity and abysses."""
    try:
        return json.loads(text, object_pairs_hook=_refuse_doubles, parse_constant=_refuse_number, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON: {error.msg} at character {error.colno}") from None
    except RecursionError:
        raise RefusedJson(f"nested deeper than {DEEPEST} levels") from None
    except RefusedJson:
        raise
    except ValueError:  # Python refuses to read integers of thousands of digits
        raise RefusedJson("holds a number with too many digits") from None


def decode_object(text: str) -> dict[str, object]:
    """The JSON object that ``text`` spells; everything else is refused."""
    value = decode(text)
    if not isinstance(value, dict):
        raise RefusedJson(f"{type_name(value)} instead of an object")
    return value


def canonical(value: object) -> str:
    """One spelling per value: sorted keys, no spaces, no escapes beyond need."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: object) -> str:
    """sha256 of the canonical spelling, in hex."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def type_name(value: object) -> str:
    """What people call a JSON value.

    >>> type_name([1]), type_name(None), type_name(True)
    ('a list', 'null', 'true or false')
    """
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return "null" if value is None else names.get(type(value), f"a {type(value).__name__}")


def make_storable(text: str) -> str:
    """The text with whatever the database could not keep spelled out: for problems and excerpts, never for data."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def find_unstorable(value: object, path: str = "") -> str:
    """The first thing inside ``value`` that the database could not keep, said in words; empty if there is none."""
    return next(_unstorable(value, path, 0), "")


def _unstorable(value: object, path: str, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        yield f"{path[:80]} is nested deeper than {DEEPEST} levels"
    elif isinstance(value, str):
        yield from _unstorable_text(value, path)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _unstorable_text(key, "a key") if isinstance(key, str) else ("a key is not text",)
            yield from _unstorable(each, f"{path}.{key}" if path else f"{key}", depth + 1)
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from _unstorable(each, f"{path}[{number}]", depth + 1)
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{path or 'the value'} is {value}, which is no JSON number"
    elif value is not None and not isinstance(value, bool | int | float):
        yield f"{path or 'the value'} is {type_name(value)}, which JSON cannot hold"


def _unstorable_text(text: str, path: str) -> Iterator[str]:
    if "\x00" in text:
        yield f"{path or 'the text'} holds a NUL character, which the database cannot store"
    elif not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text):
        yield f"{path or 'the text'} holds half a character (a lone surrogate)"


def _refuse_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        doubled = next(key for key in keys if keys.count(key) > 1)
        raise RefusedJson(f'the key "{make_storable(doubled[:80])}" stands twice in one object')
    return found


def _refuse_number(text: str) -> object:
    raise RefusedJson(f"{text} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else float(str(_refuse_number(text[:40])))
