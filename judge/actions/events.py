"""The audit trail: one row for each thing done, written inside the transaction that did it."""

from __future__ import annotations

from typing import Any

from judge.actions.prepared import insert
from judge.models import Event, Project, User

LONGEST = 80


def note(project: Project | None, verb: str, *, by: User | None, subject: str = "", **data: Any) -> Event:
    [event] = insert([Event(project=project, verb=verb, by=by, subject=subject[:LONGEST], data=data)])
    return event
