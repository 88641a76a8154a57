"""What exports read. Column names are the fields of judge.formats.training."""

#: The labels of the running export; judge.actions.export_scope tells what each column means.
CREATE_CHOSEN = """
CREATE TEMPORARY TABLE export_label (
    id bigint PRIMARY KEY, case_id bigint NOT NULL, split text,
    is_reserved boolean NOT NULL, is_certify boolean NOT NULL
) ON COMMIT DROP
"""

#: A context is reserved where one of its items measures judges: certify, gold, or people's answers are a reference.
_RESERVED = """
SELECT o.context_id FROM judge_item o WHERE o.project_id = %(project)s AND o.stream IN ('certify', 'gold')
UNION
SELECT o.context_id FROM judge_case oc JOIN judge_item o ON o.id = oc.item_id
WHERE oc.project_id = %(project)s AND oc.is_reference
"""

#: A number in [0, 1) from 52 bits of SHA-256 says into which part a user's contexts go: the same in every export.
_UNIFORM = """
(('x' || left(encode(sha256(convert_to(coalesce(nullif('user:' || x.user_key, 'user:'), 'context:' || x.identity),
                                       'UTF8')), 'hex'), 13))::bit(52)::bigint / 4503599627370496.0::float8)
"""

#: The live labels that the filters take. A criterion's passing of a filter "rubric" is being linked by that version.
CHOOSE = """
WITH reserved AS MATERIALIZED ({reserved})
INSERT INTO export_label (id, case_id, split, is_reserved, is_certify)
SELECT a.id, c.id,
       CASE WHEN %(ends)s::float8[] IS NULL THEN NULL
            ELSE (%(names)s::text[])[1 + (SELECT count(*) FROM unnest(%(ends)s::float8[]) e WHERE e <= {uniform})] END,
       x.id IN (SELECT context_id FROM reserved), i.stream = 'certify'
FROM judge_agreedlabel a
JOIN judge_case c ON c.id = a.case_id
JOIN judge_item i ON i.id = c.item_id
JOIN judge_context x ON x.id = i.context_id
WHERE c.project_id = %(project)s AND a.status = 'live'
  AND (%(only_min_p)s::float8 IS NULL
       OR coalesce(1 - a.p_wrong, (a.probs ->> a.label)::float8, 0) >= %(only_min_p)s::float8)
  AND (%(only_criterion)s::text[] IS NULL OR a.criterion_id IN
       (SELECT id FROM judge_criterion WHERE project_id = %(project)s AND key = ANY (%(only_criterion)s::text[])))
  AND (%(only_basis)s::text[] IS NULL OR a.basis = ANY (%(only_basis)s::text[]))
  AND (%(only_generator)s::text[] IS NULL OR i.generator = ANY (%(only_generator)s::text[]))
  AND (%(only_language)s::text[] IS NULL OR i.language = ANY (%(only_language)s::text[]))
  AND (%(only_rubric)s::int IS NULL OR a.criterion_id IN
       (SELECT l.criterion_id FROM judge_rubriccriterion l JOIN judge_rubric b ON b.id = l.rubric_id
        WHERE b.project_id = %(project)s AND b.version = %(only_rubric)s::int))
  AND (%(only_round)s::int[] IS NULL OR i.round = ANY (%(only_round)s::int[]))
  AND (%(only_since)s::timestamptz IS NULL OR a.created_at >= %(only_since)s::timestamptz)
  AND (%(only_until)s::timestamptz IS NULL OR a.created_at < %(only_until)s::timestamptz)
ORDER BY a.id
""".replace("{reserved}", _RESERVED).replace("{uniform}", _UNIFORM)

DROP_CERTIFY = "DELETE FROM export_label WHERE is_certify"
DROP_UNPLACED = "DELETE FROM export_label WHERE split IS NULL"

#: One row for each live label. Every decided case is in the file, so each stands for itself: weight 1.
LABELS = """
SELECT i.identity AS item_id, x.identity AS context_id, x.content AS context, i.output AS output,
       k.key AS criterion, a.label, s.passes, a.probs, a.p_wrong, a.basis, a.n_people,
       v.confidence,
       coalesce((SELECT json_agg(json_build_object('rater', r.kind || '-' || r.id, 'label', j.label) ORDER BY j.id)
                 FROM judge_judgment j JOIN judge_rater r ON r.id = j.rater_id
                 WHERE j.case_id = c.id AND j.retracted_at IS NULL AND j.label IS NOT NULL
                   AND j.purpose IN ('vote', 'adjudication', 'imported')), '[]') AS raters,
       1.0::float8 AS weight,
       g.version::text AS judge_version,
       (SELECT max(b.version) FROM judge_rubriccriterion l JOIN judge_rubric b ON b.id = l.rubric_id
        WHERE l.criterion_id = k.id)::text AS rubric_version,
       i.stream,
       coalesce(d.is_audited, false) AS audited,
       e.split, i.round, i.generator, i.language
FROM export_label e
JOIN judge_agreedlabel a ON a.id = e.id
JOIN judge_case c ON c.id = a.case_id
JOIN judge_criterion k ON k.id = c.criterion_id
JOIN judge_item i ON i.id = c.item_id
JOIN judge_context x ON x.id = i.context_id
JOIN judge_scale_label s ON s.criterion_id = a.criterion_id AND s.key = a.label
LEFT JOIN LATERAL (SELECT judge_id, bool_or(is_audited) OVER () AS is_audited FROM judge_decision
                   WHERE case_id = c.id ORDER BY id DESC LIMIT 1) d ON true
JOIN judge_project p ON p.id = c.project_id
LEFT JOIN judge_verdict v ON v.case_id = c.id AND v.judge_id = coalesce(d.judge_id, p.judge_id)
LEFT JOIN judge_judge g ON g.id = coalesce(d.judge_id, v.judge_id)
ORDER BY e.id
"""
