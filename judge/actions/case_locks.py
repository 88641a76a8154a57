"""Cases held until a transaction ends, with what is asked before one of them moves."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from judge.actions import bulk, in_force
from judge.actions.prepared import Columns, fetch, split
from judge.models import Case, Item, Project

_CASE = Columns(Case, "c")
#: The item's texts stay where they are, unless somebody asks.
_ITEM = Columns(Item, "i", only=("id", "project_id", "context_id", "identity", "kind", "language", "stream"))
#: Text that commands the judge made its p̂: then nothing is known beforehand.
_LOCK = f"""
SELECT {_CASE.sql}, {_ITEM.sql},
       (SELECT v.probs FROM judge_verdict v
        WHERE v.case_id = c.id AND v.judge_id = project.judge_id AND v.doubt <> 'suspicious'),
       EXISTS (SELECT FROM judge_agreedlabel l WHERE l.case_id = c.id AND l.status <> 'withdrawn'),
       {in_force.COLUMNS}
FROM judge_case c
JOIN judge_item i ON i.id = c.item_id
JOIN judge_project project ON project.id = c.project_id
{in_force.JOINED}
WHERE c.id = ANY (%(ids)s::bigint[]) ORDER BY c.id FOR NO KEY UPDATE OF c
"""  # noqa: S608 (our names)


def lock(ids: Sequence[int]) -> dict[int, Case]:
    """The cases with their items, locked in id order until the transaction ends: whoever locks first goes first.

    What stands beside them is read in the same statement: p̂ of the judge in force, and whether a label is live.
    """
    items: dict[int, Item] = {}
    owners: dict[int, Project] = {}
    found = {}
    for row in fetch(_LOCK, ids=bulk.array(ids)):
        case, item, p_hat, has_label, *owner = split(row, _CASE, _ITEM)
        case.item = items.setdefault(item.pk, item)
        case.project = owners.get(case.project_id) or owners.setdefault(case.project_id, in_force.read(owner))
        case.p_hat, case.has_label = p_hat and orjson.loads(p_hat), has_label
        found[case.pk] = case
    return found
