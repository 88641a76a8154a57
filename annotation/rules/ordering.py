"""In which order things are shown. Each rule has a name and a reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

#: Who the person is, what they did, what they want, what is offered, and when: the way a reader asks.
EVIDENCE = ("profile", "user", "history", "behaviour", "behavior", "query", "interest", "item", "product", "name",
            "title", "price", "facts", "date")  # fmt: skip
#: What is judged first, then what it rests on.
OUTPUT = ("tag", "explanation", "text", "interest", "stage", "reason")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def in_reading_order(keys: Iterable[str], known: tuple[str, ...]) -> list[str]:
    """Known keys first, in the order of ``known``; the others after them as they came.

    >>> in_reading_order(["date", "shoe size", "profile"], EVIDENCE)
    ['profile', 'date', 'shoe size']
    """
    rank = {key: position for position, key in enumerate(known)}
    return sorted(keys, key=lambda key: rank.get(key.lower(), len(known)))


def shuffle_key(case_id: int, rater_id: int) -> bytes:
    """Where a person's answer stands among the others of one case.

    It differs from case to case, so nobody is always "A", and it stays when a page is opened again.
    """
    return hashlib.sha256(f"answers of case {case_id}: {rater_id}".encode()).digest()


def letter(position: int) -> str:
    """The name that stands for a person on an adjudicator's page.

    >>> letter(0), letter(25), letter(26)
    ('A', 'Z', 'A2')
    """
    return LETTERS[position % 26] + (str(position // 26 + 1) if position >= 26 else "")
