"""Lists: the further items of a context that a person takes together with the one on their desk."""

from __future__ import annotations

from annotation.actions.claim_sql import FREE_OF_ITEM, TERMS

#: Take what else of a context this person may answer, up to ``most`` items in their hands. It keeps to the order of
#: lease_sql: items, then cases, each by id. Who got there first:
#:
#: - ``picked``: an item that somebody holds right now is passed by, so a list waits for nobody.
#: - ``free``: under the items' locks the cases are read again, in their newest version, as the claim does it.
#: - ``opened``: two tabs of one person may both see an item free of their own lease: the second to insert runs into
#:   ``lease_one_live_per_item_and_person`` and takes nothing at all.
_TAKE = """
WITH <terms>, mine AS (
    SELECT item_id FROM annotation_lease
    WHERE project_id = %(project)s AND person_id = %(person)s AND closed_at IS NULL
), picked AS (
    SELECT i.id
    FROM judge_item i
    WHERE i.project_id = %(project)s AND i.context_id = %(context)s AND i.id NOT IN (SELECT item_id FROM mine)
      AND NOT (SELECT is_paused OR is_capped FROM terms)
      AND ((SELECT languages FROM terms) IS NULL OR i.language = ''
           OR split_part(translate(lower(i.language), '_', '-'), '-', 1)
              = ANY ((SELECT languages FROM terms)::text[]))
      AND EXISTS (SELECT FROM judge_case c WHERE c.item_id = i.id AND <free> AND <asked>)
    ORDER BY i.id
    LIMIT greatest(0, %(most)s - (SELECT count(*) FROM mine))
    FOR NO KEY UPDATE OF i SKIP LOCKED
), free AS (
    SELECT c.id
    FROM judge_case c
    WHERE c.item_id IN (SELECT id FROM picked) AND <free> AND <asked>
    ORDER BY c.id
    FOR NO KEY UPDATE
), taken AS (
    UPDATE judge_case c SET seats_taken = c.seats_taken + 1 FROM free WHERE c.id = free.id RETURNING c.id, c.item_id
), opened AS (
    INSERT INTO annotation_lease (project_id, item_id, person_id, case_ids, expires_at, outcome, is_listed)
    SELECT %(project)s, item_id, %(person)s, array_agg(id ORDER BY id), now() + make_interval(mins => %(minutes)s),
           '', true
    FROM taken GROUP BY item_id
    RETURNING id
)
SELECT count(*) FROM opened
"""
_ASKED = "((SELECT criteria FROM terms) IS NULL OR c.criterion_id = ANY ((SELECT criteria FROM terms)::bigint[]))"

TAKE = _TAKE
for _name, _part in {"terms": TERMS, "asked": _ASKED, "free": FREE_OF_ITEM, "rater": "SELECT rater FROM terms"}.items():
    TAKE = TAKE.replace(f"<{_name}>", _part)

#: The heartbeat of a list. Like that of one item it moves no seat and takes no item's lock.
EXTEND = """
UPDATE annotation_lease SET expires_at = now() + make_interval(mins => %(minutes)s)
WHERE id = ANY (%(leases)s) AND person_id = %(person)s AND closed_at IS NULL
RETURNING id, expires_at
"""
