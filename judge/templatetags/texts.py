"""Shows what was imported (text, or fields with text) without trusting a character of it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django import template

register = template.Library()

EXCERPT = 140


@dataclass(frozen=True, slots=True)
class Field:
    """One named part of a context or an output; ``values`` has several where it is a list."""

    name: str
    values: tuple[str, ...]

    @property
    def is_list(self) -> bool:
        return len(self.values) != 1


@register.filter
def fields(value: object) -> list[Field]:
    """The named parts of a JSON object in its order; nothing for plain text."""
    if not isinstance(value, dict):
        return []
    return [Field(str(name), _values(part)) for name, part in value.items()]


@register.filter
def plain(value: object) -> str:
    """Anything imported as one text: an object's parts are joined."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return " · ".join(f"{name}: {', '.join(_values(part))}" for name, part in value.items())
    return "" if value is None else json.dumps(value, ensure_ascii=False)


@register.filter
def excerpt(value: object, length: int = EXCERPT) -> str:
    """The beginning of anything imported, on one line; of an object only what its parts say."""
    if isinstance(value, dict):
        value = " · ".join(", ".join(_values(part)) for part in value.values())
    text = " ".join(plain(value).split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _values(part: object) -> tuple[str, ...]:
    if isinstance(part, list):
        return tuple(plain(each) for each in part)
    return (plain(part),)
