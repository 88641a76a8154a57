"""The statements of an import, in the order in which judge.actions.items runs them.

Staged lines lie in two tables: a context once for a run of lines that share it, and what each line says of its item.
"""

CREATE_STAGED_CONTEXT = """
CREATE TEMPORARY TABLE staged_context (run int, identity text, user_key text, content json) ON COMMIT DROP
"""

#: ``place`` counts what was staged: the order of the lines, and of the outputs on one line.
CREATE_STAGED_ITEM = """
CREATE TEMPORARY TABLE staged_item (
    place int, number bigint, run int, identity text, kind text, output json, prompt text, meta jsonb, generator text,
    language text, category text, round int, generated_at timestamptz, u float8, queue_order float8
) ON COMMIT DROP
"""

#: Staged lines are sorted by id a few times: in memory, where they fit.
MORE_MEMORY = "SET LOCAL work_mem = '64MB'"

COPY_CONTEXTS = "COPY staged_context FROM STDIN"
COPY_ITEMS = "COPY staged_item FROM STDIN"

DROP_STAGING = "DROP TABLE staged_item, staged_context"

#: Two JSON values differ; where their texts are the same, neither is parsed. Not so where one is missing.
_DIFFER = "({0}::text <> {1}::text AND {0}::jsonb <> {1}::jsonb)"

#: A line clashes when its id (of the item or of the context) came first with other content.
DELETE_CLASHES = """
WITH first_context AS (
    SELECT identity, min(run) AS run FROM staged_context GROUP BY identity HAVING count(*) > 1
), first_item AS (
    SELECT identity, min(place) AS place FROM staged_item GROUP BY identity HAVING count(*) > 1
), clashing_context AS (
    SELECT s.run FROM first_context d JOIN staged_context s USING (identity) JOIN staged_context f ON f.run = d.run
    WHERE {context_before}
    UNION
    SELECT s.run FROM staged_context s JOIN judge_context c ON c.project_id = %(project)s AND c.identity = s.identity
    WHERE {context_known}
), clashing_item AS (
    SELECT s.place FROM first_item d JOIN staged_item s USING (identity) JOIN staged_item f ON f.place = d.place
    JOIN staged_context sc ON sc.run = s.run JOIN staged_context fc ON fc.run = f.run
    WHERE {output_before} OR sc.identity <> fc.identity
    UNION
    SELECT s.place FROM staged_item s JOIN staged_context sc ON sc.run = s.run
    JOIN judge_item i ON i.project_id = %(project)s AND i.identity = s.identity
    JOIN judge_context ic ON ic.id = i.context_id
    WHERE {output_known} OR sc.identity <> ic.identity
), gone AS (
    DELETE FROM staged_item s USING staged_context c
    WHERE c.run = s.run
      AND (s.run IN (SELECT run FROM clashing_context) OR s.place IN (SELECT place FROM clashing_item))
    RETURNING s.place, s.number, s.identity, s.output, c.run, c.identity AS context_identity, c.content
)
SELECT number, CASE w.what WHEN 'context' THEN context_identity ELSE identity END, w.what,
       left(json_build_object('id', identity, 'context', content, 'output', output)::text, 2000)
FROM gone CROSS JOIN LATERAL
     (SELECT CASE WHEN run IN (SELECT run FROM clashing_context) THEN 'context' ELSE 'output' END AS what) w
ORDER BY place
"""
for _place, _left, _right in (
    ("output_before", "s.output", "f.output"), ("context_before", "s.content", "f.content"),
    ("output_known", "s.output", "i.output"), ("context_known", "s.content", "c.content"),
):  # fmt: skip
    DELETE_CLASHES = DELETE_CLASHES.replace(f"{{{_place}}}", _DIFFER.format(_left, _right))

COUNT_NEW = """
SELECT count(DISTINCT s.identity) FROM staged_item s
WHERE NOT EXISTS (SELECT FROM judge_item i WHERE i.project_id = %s AND i.identity = s.identity)
"""

INSERT_CONTEXTS = """
INSERT INTO judge_context (project_id, identity, user_key, content)
SELECT DISTINCT ON (c.identity) %s, c.identity, c.user_key, c.content
FROM staged_context c WHERE EXISTS (SELECT FROM staged_item s WHERE s.run = c.run)
ORDER BY c.identity, c.run
ON CONFLICT (project_id, identity) DO NOTHING
"""

#: The stream of an item is fixed here for good, with its probability (judge.rules.streams.draw says the same). Of lines
#: that say the same the first goes in. ``streams`` and what stands beside them: how cases of a stream begin; where
#: ``reasons`` has a word for it, a decision has sent them there.
INSERT_ITEMS_AND_CASES = """
WITH new_item AS (
    INSERT INTO judge_item (project_id, context_id, frame_id, identity, kind, output, prompt, meta, generator,
                            language, category, round, generated_at, stream, stream_probability, stream_reason)
    SELECT %(project)s, c.id, %(frame)s, s.identity, s.kind, s.output, s.prompt, s.meta, s.generator,
           s.language, s.category, s.round, s.generated_at, d.stream,
           CASE d.stream WHEN 'train' THEN %(train)s WHEN 'certify' THEN %(certify)s WHEN 'gold' THEN %(gold)s
                ELSE 1 - %(train)s - %(certify)s - %(gold)s END,
           'drawn'
    FROM staged_item s
    JOIN staged_context sc ON sc.run = s.run
    JOIN judge_context c ON c.project_id = %(project)s AND c.identity = sc.identity
    CROSS JOIN LATERAL (SELECT CASE WHEN s.u < %(train)s THEN 'train'
                                    WHEN s.u < %(train)s + %(certify)s THEN 'certify'
                                    WHEN s.u < %(train)s + %(certify)s + %(gold)s THEN 'gold'
                                    ELSE 'open' END AS stream) d
    ORDER BY s.place
    ON CONFLICT (project_id, identity) DO NOTHING
    RETURNING id, identity, stream
), ordered AS (
    SELECT DISTINCT identity, queue_order FROM staged_item
), start AS (
    SELECT * FROM unnest(%(streams)s::text[], %(stages)s::text[], %(people)s::int[], %(priorities)s::int[],
                         %(reasons)s::text[]) AS start (stream, stage, people_wanted, priority, reason)
), new_case AS (
    INSERT INTO judge_case (project_id, item_id, criterion_id, stage, people_wanted, seats_taken, priority, queue_order)
    SELECT %(project)s, n.id, criterion.id, t.stage, t.people_wanted, 0, t.priority, o.queue_order
    FROM new_item n JOIN ordered o USING (identity) JOIN start t USING (stream)
    CROSS JOIN unnest(%(criteria)s::bigint[]) AS criterion (id)
    ORDER BY o.queue_order
    RETURNING id, item_id, people_wanted
), new_decision AS (
    INSERT INTO judge_decision (case_id, route, reason, people_wanted, policy_id, is_audited)
    SELECT k.id, 'people', t.reason, k.people_wanted, %(policy)s, false
    FROM new_case k JOIN new_item n ON n.id = k.item_id JOIN start t USING (stream)
    WHERE t.reason IS NOT NULL
)
SELECT count(*) FROM new_case
"""

GROWN = "SELECT %s > %s * greatest(reltuples, 0) FROM pg_class WHERE oid = 'judge_item'::regclass"
ANALYZE = "ANALYZE judge_context, judge_item, judge_case"
