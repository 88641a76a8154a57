"""The statements of an import, in the order in which judge.actions.items runs them."""

CREATE_STAGING = """
CREATE TEMPORARY TABLE staged_item (
    number bigint, context_identity text, user_key text, context json, identity text, kind text, output json,
    prompt text, meta jsonb, generator text, language text, category text, round int, generated_at timestamptz,
    u float8, queue_order float8
) ON COMMIT DROP
"""

#: Staged lines are sorted by id a few times: in memory, where they fit.
MORE_MEMORY = "SET LOCAL work_mem = '64MB'"

COPY_STAGING = "COPY staged_item FROM STDIN"

DROP_STAGING = "DROP TABLE staged_item"

#: Two JSON values differ; where their texts are the same, neither is parsed. Not so where one is missing.
_DIFFER = "({0}::text <> {1}::text AND {0}::jsonb <> {1}::jsonb)"

#: A line clashes when its id (of the item or of the context) came first with other content.
DELETE_CLASHES = """
WITH ranked AS (
    SELECT ctid AS place, first_value(ctid) OVER by_item AS first_of_item,
           first_value(ctid) OVER by_context AS first_of_context
    FROM staged_item
    WINDOW by_item AS (PARTITION BY identity ORDER BY number, ctid),
           by_context AS (PARTITION BY context_identity ORDER BY number, ctid)
), clashing AS (
    SELECT r.place,
           CASE WHEN {context_before} OR {context_known} THEN 'context' ELSE 'output' END AS what
    FROM ranked r
    JOIN staged_item s ON s.ctid = r.place
    LEFT JOIN staged_item fi ON fi.ctid = r.first_of_item AND r.first_of_item <> r.place
    LEFT JOIN staged_item fc ON fc.ctid = r.first_of_context AND r.first_of_context <> r.place
    LEFT JOIN judge_item i ON i.project_id = %(project)s AND i.identity = s.identity
    LEFT JOIN judge_context ic ON ic.id = i.context_id
    LEFT JOIN judge_context c ON c.project_id = %(project)s AND c.identity = s.context_identity
    WHERE {output_before} OR s.context_identity <> fi.context_identity
       OR {context_before} OR {context_known} OR {output_known} OR s.context_identity <> ic.identity
)
DELETE FROM staged_item s USING clashing k WHERE s.ctid = k.place
RETURNING s.number, CASE k.what WHEN 'context' THEN s.context_identity ELSE s.identity END, k.what,
          left(json_build_object('id', s.identity, 'context', s.context, 'output', s.output)::text, 2000)
"""
for _place, _left, _right in (
    ("output_before", "s.output", "fi.output"), ("context_before", "s.context", "fc.context"),
    ("output_known", "s.output", "i.output"), ("context_known", "s.context", "c.content"),
):  # fmt: skip
    DELETE_CLASHES = DELETE_CLASHES.replace(f"{{{_place}}}", _DIFFER.format(_left, _right))

COUNT_NEW = """
SELECT count(DISTINCT s.identity) FROM staged_item s
WHERE NOT EXISTS (SELECT FROM judge_item i WHERE i.project_id = %s AND i.identity = s.identity)
"""

INSERT_CONTEXTS = """
INSERT INTO judge_context (project_id, identity, user_key, content)
SELECT DISTINCT ON (context_identity) %s, context_identity, user_key, context
FROM staged_item ORDER BY context_identity, number
ON CONFLICT (project_id, identity) DO NOTHING
"""

#: The stream of an item is fixed here for good, with its probability (judge.rules.streams.draw says the same).
INSERT_ITEMS_AND_CASES = """
WITH new_item AS (
    INSERT INTO judge_item (project_id, context_id, frame_id, identity, kind, output, prompt, meta, generator,
                            language, category, round, generated_at, stream, stream_probability, stream_reason)
    SELECT DISTINCT ON (s.identity)
           %(project)s, c.id, %(frame)s, s.identity, s.kind, s.output, s.prompt, s.meta, s.generator,
           s.language, s.category, s.round, s.generated_at, d.stream,
           CASE d.stream WHEN 'train' THEN %(train)s WHEN 'certify' THEN %(certify)s WHEN 'gold' THEN %(gold)s
                ELSE 1 - %(train)s - %(certify)s - %(gold)s END,
           'drawn'
    FROM staged_item s
    JOIN judge_context c ON c.project_id = %(project)s AND c.identity = s.context_identity
    CROSS JOIN LATERAL (SELECT CASE WHEN s.u < %(train)s THEN 'train'
                                    WHEN s.u < %(train)s + %(certify)s THEN 'certify'
                                    WHEN s.u < %(train)s + %(certify)s + %(gold)s THEN 'gold'
                                    ELSE 'open' END AS stream) d
    ORDER BY s.identity, s.number
    ON CONFLICT (project_id, identity) DO NOTHING
    RETURNING id, identity
), ordered AS (
    SELECT DISTINCT ON (identity) identity, queue_order FROM staged_item
), new_case AS (
    INSERT INTO judge_case (project_id, item_id, criterion_id, stage, people_wanted, seats_taken, priority, queue_order)
    SELECT %(project)s, n.id, criterion.id, %(stage)s, 0, 0, 0, o.queue_order
    FROM new_item n JOIN ordered o USING (identity) CROSS JOIN unnest(%(criteria)s::bigint[]) AS criterion (id)
    ORDER BY o.queue_order
    RETURNING 1
)
SELECT count(*) FROM new_case
"""

#: A large import leaves the planner with statistics of an empty table, and look-ups by id with plans for one.
ANALYZE = "ANALYZE judge_context, judge_item, judge_case"
