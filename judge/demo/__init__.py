"""A small invented shop, so that every page has something to show at once."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PASSWORD = "demo"  # noqa: S105 (public on purpose; demo people exist on demo installations only)

#: username → (full name, language, roles in every demo project, what they are for)
PEOPLE: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "lea": ("Lea Brandt", "en", ("lead", "adjudicator", "trainer")),
    "mei": ("Mei Chen", "zh-hans", ("annotator",)),
    "tomas": ("Tomas Novak", "en", ("annotator",)),
    "aisha": ("Aisha Rahman", "en", ("annotator",)),
    "jun": ("Jun Zhao", "zh-hans", ("annotator",)),
    "lin": ("Lin Wei", "", ("annotator", "adjudicator")),
    "nina": ("Nina Larsen", "en", ("annotator",)),
    "ravi": ("Ravi Kumar", "en", ("trainer", "viewer")),
}


def logins() -> list[tuple[str, str, str]]:
    """(username, password, roles in words) of each demo person, for the login page."""
    return [(name, PASSWORD, ", ".join(roles)) for name, (_, _, roles) in PEOPLE.items()]
