"""Tallies: sums over rows that never change, kept up to an id, so that a count reads only what came since.

An id stands for good once no transaction can bring a lower one to light (judge.actions.horizons). What is above it is
counted each time and kept by nobody, so a late commit is never missed, and from the start comes the same. What may
change later, as whether a label is in force, is no sum of this kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Model

from judge.actions import bulk, horizons
from judge.models import Project, Tally

type Sums = Mapping[tuple[Any, ...], int]

#: Whoever reads on a project's tallies waits for another one that does, or that has them forgotten.
TURN = "SELECT pg_advisory_xact_lock(hashtext('tallies'), %(project)s::int)"


@dataclass(frozen=True, slots=True)
class Kind:
    """``statement`` groups rows of ``table`` with ids above ``after``, up to ``until`` if that is not null: a key of
    texts, numbers and truth values, and how many there are."""

    name: str
    table: type[Model]
    statement: str


@transaction.atomic
def count(project: Project, kind: Kind, *, of: str = "", **values: Any) -> Sums:
    """How many rows there are of each key. For workers: what is settled is kept."""
    bulk.execute(TURN, project=project.pk)
    known = Tally.objects.filter(project=project, name=kind.name, of=of).first()
    start = known.until if known else 0
    lasting = _read(known.sums if known else ())
    until = max(start, horizons.settled(kind.table))
    if until > start:
        lasting += _read(bulk.execute(kind.statement, project=project.pk, after=start, until=until, **values))
        kept = {"of": of, "until": until, "sums": sorted(([*key, n] for key, n in lasting.items()), key=repr)}
        Tally.objects.update_or_create(project=project, name=kind.name, defaults=kept)
    return lasting + _read(bulk.execute(kind.statement, project=project.pk, after=until, until=None, **values))


@transaction.atomic
def forget(project: Project) -> None:
    """Begin anew: where what was summed has changed after all, and to see that the same comes."""
    bulk.execute(TURN, project=project.pk)
    Tally.objects.filter(project=project).delete()


def _read(rows: Iterable[Any]) -> Counter[tuple[Any, ...]]:
    return Counter({tuple(key): n for *key, n in rows})
