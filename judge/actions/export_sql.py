"""What exports read. Column names are the fields of judge.formats.training."""

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
       i.round, i.generator, i.language
FROM judge_agreedlabel a
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
WHERE c.project_id = %(project)s AND a.status = 'live'
ORDER BY a.id
"""

#: A context is reserved where one of its items measures judges: certify, gold, or people's answers are a reference.
RESERVED = """
EXISTS (SELECT FROM judge_item o
        WHERE o.context_id = x.id
          AND (o.stream IN ('certify', 'gold')
               OR EXISTS (SELECT FROM judge_case oc WHERE oc.item_id = o.id AND oc.is_reference)))
"""

#: Items of which every criterion of the rubric has a live label that passes.
QUALIFIED = """
SELECT i.prompt, i.output AS output, x.content AS context, i.language, {reserved} AS is_reserved
FROM judge_item i
JOIN judge_context x ON x.id = i.context_id
WHERE i.project_id = %(project)s
  AND (SELECT count(*) FROM judge_case c
       JOIN judge_rubriccriterion l ON l.criterion_id = c.criterion_id AND l.rubric_id = %(rubric)s
       JOIN judge_agreedlabel a ON a.case_id = c.id AND a.status = 'live'
       JOIN judge_scale_label s ON s.criterion_id = a.criterion_id AND s.key = a.label AND s.passes
       WHERE c.item_id = i.id) = (SELECT count(*) FROM judge_rubriccriterion WHERE rubric_id = %(rubric)s)
ORDER BY i.id
""".replace("{reserved}", RESERVED)

#: What people agreed on under the rubric in force: what a judge may learn from, unless the context is reserved.
JUDGED_BY_PEOPLE = """
SELECT c.criterion_id, x.content AS context, i.output AS output, i.language, a.label, {reserved} AS is_reserved
FROM judge_agreedlabel a
JOIN judge_case c ON c.id = a.case_id
JOIN judge_rubriccriterion l ON l.criterion_id = c.criterion_id AND l.rubric_id = %(rubric)s
JOIN judge_item i ON i.id = c.item_id
JOIN judge_context x ON x.id = i.context_id
WHERE c.project_id = %(project)s AND a.status = 'live' AND a.basis <> 'judge'
  AND i.erased_at IS NULL AND x.erased_at IS NULL
ORDER BY i.id, l.position
""".replace("{reserved}", RESERVED)
