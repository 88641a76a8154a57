"""JSON as Cojudge takes it: strict in, canonical out."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache

import orjson

LONG_NUMBER = b"0" * 16
_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0 for byte in range(256))
_NUMBERS = bytes(0x30 if 0x30 <= byte <= 0x39 else byte if byte in b"e." else 0 for byte in range(256))
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


def decode_plain(raw: bytes) -> tuple[dict[str, object], int] | None:
    """What :func:`decode_object` finds in ``raw``, several times as fast, and its bytes without spaces. None where only
    a closer look can tell: doubled keys, long numbers, deep nesting, escapes that hide something, what is wrong.
    """
    if LONG_NUMBER in raw.translate(_DIGITS):  # orjson rounds what is beyond 64 bits
        return None
    if raw.find(b"\\u00") >= 0 and (b"\\u0000" in raw or b"\\u003" in raw):  # NUL, and the colons counted below
        return None
    try:
        value = orjson.loads(raw)
        told = orjson.dumps(value)
    except (ValueError, TypeError):
        return None
    if not isinstance(value, dict) or told.count(b":") != raw.count(b":"):  # of doubled keys it keeps one
        return None
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and _reaches(value, DEEPEST):
        return None
    return value, len(told)


def _reaches(value: object, depth: int) -> bool:
    """Whether something lies ``depth`` levels deep in it."""
    if not isinstance(value, dict | list):
        return False
    below = value.values() if isinstance(value, dict) else value
    return depth <= 1 or any(_reaches(each, depth - 1) for each in below)


def spell(value: object) -> str:
    """JSON text that keeps the order of keys.

    >>> spell({"b": "é", "a": 10**20})
    '{"b":"é","a":100000000000000000000}'
    """
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # numbers beyond 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def canonical(value: object) -> str:
    """One spelling per value: sorted keys, no spaces, no escapes beyond need."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: object) -> str:
    """sha256 of the canonical spelling, in hex."""
    try:
        quick = _digest_of(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))
    except TypeError:  # half characters, numbers beyond 64 bits, keys that are not text
        quick = ""
    return quick or hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=64)  # the same context stands on line after line
def _digest_of(told: bytes) -> str:
    """sha256 of what orjson spells; empty where ``canonical`` may spell a number differently."""
    numbers = told.translate(_NUMBERS)
    is_odd = b"0e" in numbers or b"0.0000" in numbers or b"null" in told  # 1e22 and 1e+22, .00001 and 1e-05, NaN
    return "" if is_odd else hashlib.sha256(told).hexdigest()


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
