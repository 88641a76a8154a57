"""What shows whether a judge leans: cases of the train and gold streams and audited ones, never a certify case."""

#: A case of these streams, or one that was accepted by this judge and drawn for people.
_MEASURES = """(i.stream IN ('train', 'gold') OR (i.stream = 'open' AND EXISTS (
    SELECT FROM judge_decision d WHERE d.case_id = c.id AND d.judge_id = %(judge)s AND d.is_audited)))"""

#: Cases that people settled and the judge has scored, the latest first: found where they were drawn, not among all.
SETTLED = """
WITH drawn AS (
    SELECT c.id FROM judge_item i JOIN judge_case c ON c.item_id = i.id AND c.criterion_id = %(criterion)s
    WHERE i.project_id = %(project)s AND i.stream IN ('train', 'gold')
), audited AS (
    SELECT d.case_id AS id FROM judge_decision d
    WHERE d.is_audited AND d.judge_id = %(judge)s
      AND d.certificate_id IN (SELECT id FROM judge_certificate
                               WHERE judge_id = %(judge)s AND criterion_id = %(criterion)s)
    ORDER BY d.id DESC LIMIT 2 * %(limit)s
), latest AS MATERIALIZED (SELECT id FROM drawn UNION SELECT id FROM audited ORDER BY id DESC LIMIT 2 * %(limit)s)
SELECT c.id, i.id, i.identity, i.context_id, CASE WHEN i.stream = 'open' THEN 'audit' ELSE i.stream END,
       s.passes, t.passes, i.language, i.generator, coalesce(length(i.output::text), 0),
       coalesce(i.meta ->> 'brand', ''), i.meta ->> 'popularity'
FROM latest
JOIN judge_case c ON c.id = latest.id
JOIN judge_item i ON i.id = c.item_id AND i.stream IN ('train', 'gold', 'open') AND i.kind = 'single'
JOIN judge_verdict v ON v.case_id = c.id AND v.judge_id = %(judge)s AND v.label IS NOT NULL
CROSS JOIN LATERAL (SELECT label FROM judge_agreedlabel
                    WHERE case_id = c.id AND status = 'live' AND basis <> 'judge' LIMIT 1) a
JOIN judge_scale_label s ON s.criterion_id = c.criterion_id AND s.key = a.label AND s.passes IS NOT NULL
JOIN judge_scale_label t ON t.criterion_id = c.criterion_id AND t.key = v.label AND t.passes IS NOT NULL
ORDER BY c.id DESC LIMIT %(limit)s
"""

#: What the judge's raters said of pairs in each order, the latest first.
ORDERS = """
SELECT c.id, i.id, i.identity, i.context_id, j.by_order
FROM judge_case c
JOIN judge_item i ON i.id = c.item_id AND i.stream <> 'certify'
JOIN judge_judgment j ON j.case_id = c.id AND j.rater_id = ANY (%(raters)s::bigint[]) AND j.purpose = 'vote'
     AND j.retracted_at IS NULL AND j.by_order IS NOT NULL
WHERE c.criterion_id = %(criterion)s AND __measures__
ORDER BY c.id DESC LIMIT %(limit)s
""".replace("__measures__", _MEASURES)

#: Cases of which copies are asked about, by the hash of their items: the same ones whatever anybody answered.
SAMPLE = """
SELECT c.id, c.criterion_id, x.content::text, i.output::text, i.language, coalesce(i.meta ->> 'brand', '')
FROM judge_case c
JOIN judge_rubriccriterion l ON l.criterion_id = c.criterion_id AND l.rubric_id = %(rubric)s
JOIN judge_criterion k ON k.id = c.criterion_id AND k.kind <> 'preference'
JOIN judge_item i ON i.id = c.item_id AND i.kind = 'single' AND i.stream <> 'certify' AND i.erased_at IS NULL
JOIN judge_context x ON x.id = i.context_id AND x.erased_at IS NULL
WHERE c.project_id = %(project)s AND __measures__
ORDER BY md5('probe ' || i.identity), c.id LIMIT %(limit)s
""".replace("__measures__", _MEASURES)

#: What a judge's raters said of copies, beside what they said of the plain text; means over the raters that said both.
COPIES = """
SELECT c.id, c.criterion_id, i.id, i.identity, i.context_id, a.arm,
       avg(a.passing - p.passing), min(p.label), min(a.label)
FROM llm_judge_probeanswer a
JOIN llm_judge_probeanswer p ON p.rater_id = a.rater_id AND p.case_id = a.case_id AND p.arm = 'plain'
     AND p.passing IS NOT NULL
JOIN judge_case c ON c.id = a.case_id AND c.project_id = %(project)s
JOIN judge_item i ON i.id = c.item_id AND i.stream <> 'certify'
WHERE a.rater_id = ANY (%(raters)s::bigint[]) AND a.arm <> 'plain' AND a.passing IS NOT NULL
GROUP BY c.id, c.criterion_id, i.id, i.identity, i.context_id, a.arm
ORDER BY c.id, a.arm
"""

#: What moves without an event, and what probing took: questions, tokens, answers without a label.
ASKED = """
SELECT count(*), coalesce(max(a.id), 0), coalesce(sum(a.prompt_tokens + a.completion_tokens), 0)::bigint,
       count(*) FILTER (WHERE a.passing IS NULL)
FROM llm_judge_probeanswer a JOIN judge_case c ON c.id = a.case_id AND c.project_id = %(project)s
WHERE %(raters)s::bigint[] IS NULL OR a.rater_id = ANY (%(raters)s::bigint[])
"""
