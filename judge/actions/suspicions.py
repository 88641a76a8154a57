"""Which items try to command the judge: looked at by the door, so that nobody who brings answers can forget it."""

from __future__ import annotations

from collections.abc import Iterable

from judge.actions import bulk
from judge.rules.suspicion import find_in
from judge.rules.suspicion_signs import Sign

FIND_TEXTS = """
SELECT c.id, i.id, i.context_id, i.output
FROM judge_case c JOIN judge_item i ON i.id = c.item_id
WHERE c.id = ANY (%(ids)s::bigint[])
"""
FIND_CONTEXTS = "SELECT id, content FROM judge_context WHERE id = ANY (%(ids)s::bigint[])"


def find(case_ids: Iterable[int]) -> dict[int, Sign | None]:
    """Case id → the sign that its item's texts bear. Texts never change, so no lock is needed.

    An output is read once for all cases of its item, a context once for all its items.
    """
    rows = bulk.execute(FIND_TEXTS, ids=bulk.array(case_ids))
    written = bulk.execute(FIND_CONTEXTS, ids=bulk.array({context_id for _, _, context_id, _ in rows}))
    contexts = {context_id: find_in(content) for context_id, content in written}
    outputs = {item_id: find_in(output) for item_id, output in {row[1]: row[3] for row in rows}.items()}
    return {case_id: outputs[item_id] or contexts[context_id] for case_id, item_id, context_id, _ in rows}
