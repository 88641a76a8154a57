"""The claim: one statement that resumes a person's lease or finds, locks and leases the next item for them.

Like every statement that opens a lease it locks first the item, then its cases in id order (see lease_sql).
"""

from __future__ import annotations

from collections.abc import Mapping

#: What nobody closed to this person: neither answered by them nor sent back by them as an adjudicator, who has read the
#: others' answers. OFFSET 0 keeps Postgres from making joins of judgments and decisions, which lose the queue's order
#: and read all of them; case by case each is one look into an index.
OPEN = """
    NOT EXISTS (SELECT FROM judge_judgment j WHERE j.case_id = c.id AND j.retracted_at IS NULL
                AND j.rater_id = (<rater>) OFFSET 0)
    AND NOT EXISTS (SELECT FROM judge_decision d WHERE d.case_id = c.id AND d.reason = 'requested'
                    AND d.by_id = %(person)s OFFSET 0)
"""

#: A case in the queue that this person may take: the first line is the condition of the index ``case_queue``.
FREE = f"""
    c.project_id = %(project)s AND c.stage = 'people' AND c.seats_taken < c.people_wanted
    AND {OPEN}
"""

#: The same of an item's cases, worded so that the index of the whole queue is no way to find them.
FREE_OF_ITEM = f"""
    c.stage = 'people' AND c.people_wanted - c.seats_taken > 0
    AND {OPEN}
"""

#: ... and that lies within their terms, criteria and languages. What says no language is for everybody; what was erased
#: is for nobody (a recheck of settled cases may ask for it).
WITHIN = """
    AND i.erased_at IS NULL
    AND (way.criteria IS NULL OR c.criterion_id = ANY (way.criteria))
    AND (way.languages IS NULL OR i.language = ''
         OR split_part(translate(lower(i.language), '_', '-'), '-', 1) = ANY (way.languages))
"""

#: A person's terms, one row also where none were set. ``goes_on``: they looked from the head of the queue a short
#: while ago and go on from their place, which spares them what they have answered before it.
TERMS = """
terms AS MATERIALIZED (
    SELECT (SELECT id FROM judge_rater WHERE user_id = %(person)s) AS rater,
           nullif(a.languages, '{}')::text[] AS languages, a.place_priority, a.place_order,
           CASE WHEN a.criteria <> '{}' THEN ARRAY(
               SELECT k.id FROM judge_criterion k WHERE k.project_id = %(project)s AND k.key = ANY (a.criteria)) END
               AS criteria,
           coalesce(a.is_paused, false) AS is_paused,
           a.daily_cap IS NOT NULL AND a.daily_cap <= (
               SELECT count(*) FROM annotation_submission s WHERE s.person_id = %(person)s
               AND s.project_id = %(project)s AND s.created_at >= %(midnight)s AND s.corrects_id IS NULL) AS is_capped,
           a.looked_at > now() - make_interval(secs => %(goes_on)s) AS goes_on
    FROM (SELECT) one LEFT JOIN annotation_annotator a ON a.project_id = %(project)s AND a.person_id = %(person)s
)
"""


#: Where to look, in this order: ``onward`` in the tier where they read, from the start of the context that they have
#: just read; ``below``, the lower tiers; the whole queue from its ``head``, once in a while and before anybody is told
#: that nothing is left. LATERAL leaves Postgres no other order, and LIMIT 1 no second look once one has found a case.
WAYS = """
    SELECT place_priority AS highest, place_priority AS lowest, place_order AS start, NULL::timestamptz AS looked_at, *
    FROM terms WHERE goes_on
    UNION ALL SELECT place_priority - 1, -32768, '-infinity', NULL, * FROM terms WHERE goes_on
    UNION ALL SELECT 32767, -32768, '-infinity', now(), * FROM terms
"""

#: The first free case within the person's terms. Its item is the mutex: whoever holds it is taking or giving back
#: seats of that item now, so we pass by to the next one (SKIP LOCKED) and never queue behind each other. NO KEY:
#: importing and judging may go on pointing at the item meanwhile.
LOOK = """
    SELECT i.id, c.priority, c.queue_order
    FROM judge_case c JOIN judge_item i ON i.id = c.item_id
    WHERE c.priority <= way.highest AND c.priority >= way.lowest AND c.queue_order >= way.start
      AND <free> <within>
    ORDER BY c.priority DESC, c.queue_order
    LIMIT 1
    FOR NO KEY UPDATE OF i SKIP LOCKED
"""


#: Resume the person's lease or take the next item. Who got there first:
#:
#: - ``mine``: the person's open lease goes on, even one that has run out but that nobody has swept: its seats are held.
#: - ``assigned``: what a lead gave them comes first, in whatever language and criterion.
#: - ``looked``: else the first free case that the looks find.
#: - ``free``: under the item's lock the cases are read again, in their newest version. Our snapshot may be older than
#:   a claim that has just committed: then no seat is left, nothing is taken, no row comes back, and the caller retries.
#: - ``taken``: one seat in each free case. ``opened``: the lease that holds them. ``placed``: where to go on from.
#:
#: What lies on the desk comes back with the lease; never more of the item than a person who answers may see.
_CLAIM = """
WITH <terms>, mine AS (
    UPDATE annotation_lease SET expires_at = now() + make_interval(mins => %(minutes)s)
    WHERE project_id = %(project)s AND person_id = %(person)s AND closed_at IS NULL
    RETURNING id, item_id, case_ids || known_ids AS case_ids, created_at, expires_at, kind, judge_id
), may_take AS (
    SELECT WHERE NOT EXISTS (SELECT FROM mine) AND NOT (SELECT is_paused OR is_capped FROM terms)
), assigned AS (
    SELECT i.id
    FROM annotation_assignment a JOIN judge_item i ON i.id = a.item_id
    WHERE EXISTS (SELECT FROM may_take)
      AND a.project_id = %(project)s AND a.person_id = %(person)s AND a.closed_at IS NULL
      AND EXISTS (SELECT FROM judge_case c WHERE c.item_id = i.id AND <free_of_item>)
    ORDER BY a.id
    LIMIT 1
    FOR NO KEY UPDATE OF i SKIP LOCKED
), looked AS (
    SELECT found.*, way.looked_at FROM (<ways>) way CROSS JOIN LATERAL (<look>) found
    WHERE EXISTS (SELECT FROM may_take) AND NOT EXISTS (SELECT FROM assigned)
    LIMIT 1
), picked AS (
    SELECT id, NULL::int AS priority, NULL::float8 AS queue_order, NULL::timestamptz AS looked_at FROM assigned
    UNION ALL SELECT id, priority, queue_order, looked_at FROM looked
), free AS (
    SELECT c.id
    FROM judge_case c
    WHERE c.item_id = (SELECT id FROM picked) AND <free_of_item>
      AND (EXISTS (SELECT FROM assigned) OR (SELECT criteria FROM terms) IS NULL
           OR c.criterion_id = ANY ((SELECT criteria FROM terms)::bigint[]))
    ORDER BY c.id
    FOR NO KEY UPDATE
), taken AS (
    UPDATE judge_case c SET seats_taken = c.seats_taken + 1 FROM free WHERE c.id = free.id RETURNING c.id
), opened AS (
    INSERT INTO annotation_lease (project_id, item_id, person_id, case_ids, expires_at, outcome)
    SELECT %(project)s, (SELECT id FROM picked), %(person)s, array_agg(id ORDER BY id),
           now() + make_interval(mins => %(minutes)s), ''
    FROM taken HAVING count(*) > 0
    RETURNING id, item_id, case_ids, created_at, expires_at, kind, judge_id
), placed AS (
    INSERT INTO annotation_annotator AS a (project_id, person_id, languages, criteria, is_paused, pause_reason,
                                           place_priority, place_order, looked_at)
    SELECT %(project)s, %(person)s, '{}', '{}', false, '', p.priority, floor(p.queue_order), p.looked_at
    FROM picked p JOIN opened o ON o.item_id = p.id WHERE p.priority IS NOT NULL
    ON CONFLICT (project_id, person_id) DO UPDATE
    SET place_priority = EXCLUDED.place_priority, place_order = EXCLUDED.place_order,
        looked_at = coalesce(EXCLUDED.looked_at, a.looked_at)
), desk AS (
    SELECT * FROM mine UNION ALL SELECT * FROM opened
)
SELECT EXISTS (SELECT FROM picked), desk.*, i.context_id, i.identity, i.kind, i.output, i.language, x.content,
       (SELECT d.answers::json FROM annotation_draft d WHERE d.lease_id = desk.id),
       (SELECT json_agg(json_build_array(c.id, c.criterion_id) ORDER BY r.position, c.id)
        FROM judge_case c LEFT JOIN judge_rubriccriterion r
             ON r.rubric_id = %(rubric)s AND r.criterion_id = c.criterion_id
        WHERE c.id = ANY (desk.case_ids))
FROM (SELECT) one LEFT JOIN desk ON true
LEFT JOIN judge_item i ON i.id = desk.item_id LEFT JOIN judge_context x ON x.id = i.context_id
"""


def _written_out(statement: str, parts: Mapping[str, str]) -> str:
    """The statement with its parts in place: fixed text, never a value."""
    for name, part in parts.items():
        statement = statement.replace(f"<{name}>", part)
    return statement


CLAIM = _written_out(
    _CLAIM,
    {
        "terms": TERMS,
        "ways": WAYS,
        "look": LOOK.replace("<free>", FREE.replace("<rater>", "way.rater")),
        "free_of_item": FREE_OF_ITEM,
        "within": WITHIN,
        "rater": "SELECT rater FROM terms",
    },
)

#: The same, waiting for items that others hold: asked last, so that "nothing left" is never said of a seat that
#: somebody else was about to leave free.
CLAIM_PATIENTLY = CLAIM.replace("SKIP LOCKED", "")
