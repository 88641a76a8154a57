"""The small fields of an item line: names, numbers, times, languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from judge.errors import InputError
from judge.formats.json_text import canonical, type_name

LONGEST_NAME = 200
LARGEST_ROUND = 2_147_483_647  # PostgreSQL's integer
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8}){0,3}")
CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]")
CJK_SHARE = 0.1  # a quoted Chinese name does not make an English sentence Chinese


def read_name(row: Mapping[str, object], key: str, where: str) -> str:
    """A short text (whole numbers are taken as text); empty if the row has none."""
    value = row.get(key)
    if value is None:
        return ""
    if type(value) is str and 0 < len(value) <= LONGEST_NAME and not value.isspace():
        return value  # as nearly all are
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise InputError(f"{key} is {type_name(value)}", where=where, expected="text")
    if not value.strip():
        raise InputError(f"{key} is empty", where=where, expected="text, or leave the key out")
    return check_name(value, key, where)


def check_name(value: str, key: str, where: str) -> str:
    if len(value) > LONGEST_NAME:
        raise InputError(f"{key} is {len(value)} characters long", where=where, expected=f"at most {LONGEST_NAME}")
    return value


def read_text(row: Mapping[str, object], key: str, where: str) -> str:
    value = row.get(key, "")
    if not isinstance(value, str):
        raise InputError(f"{key} is {type_name(value)}", where=where, expected="text")
    return value


def read_round(row: Mapping[str, object], where: str) -> int | None:
    """A whole number from 0; ``3.0`` and ``"3"`` are what tables make of 3."""
    value = row.get("round")
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value.strip()):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_ROUND:
        raise InputError(f"round is {str(value)[:40]!r}", where=where, expected="a whole number from 0")
    return value


def read_time(row: Mapping[str, object], key: str, where: str) -> datetime | None:
    """A moment in UTC; a time without a zone is taken as UTC."""
    value = row.get(key)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InputError(f"{key} is {str(value)[:40]!r}", where=where, expected="ISO 8601, as 2026-03-01T12:00:00Z")


def read_language(row: Mapping[str, object], where: str) -> str:
    """A language tag in lower case; empty if the row names none."""
    name = read_name(row, "language", where).lower().replace("_", "-")
    if name and not LANGUAGE.fullmatch(name):
        raise InputError(f"language is {name[:40]!r}", where=where, expected="a tag such as en, zh or zh-hans")
    return name


def guess_language(output: dict[str, object] | str) -> str:
    """``zh`` for text in Chinese characters, else ``en``: the script is all we look at.

    >>> guess_language("轻便跑鞋"), guess_language("running shoes")
    ('zh', 'en')
    """
    text = output if isinstance(output, str) else canonical(list(output.values()))
    if text.isascii():
        return "en"
    letters = sum(each.isalpha() for each in text)
    return "zh" if letters and len(CJK.findall(text)) >= CJK_SHARE * letters else "en"
