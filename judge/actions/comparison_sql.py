"""What comparisons are counted from: train and gold cases that people have decided, never certify cases."""

#: Decided cases: criterion, generator, context, item, people's label and whether it passes, what a judge says of it
#: (the one in force if it has spoken, else the latest), and whether it is gold.
DECIDED = """
SELECT c.criterion_id, i.generator, i.context_id, i.id, i.identity, a.label, s.passes, v.label, i.stream = 'gold'
FROM judge_item i
JOIN judge_case c ON c.item_id = i.id
JOIN judge_agreedlabel a ON a.case_id = c.id AND a.status = 'live' AND a.basis <> 'judge'
JOIN judge_scale_label s ON s.criterion_id = c.criterion_id AND s.key = a.label
LEFT JOIN LATERAL (
    SELECT coalesce(v.label, '') AS label FROM judge_verdict v WHERE v.case_id = c.id
    ORDER BY v.judge_id = %(judge)s DESC, v.id DESC LIMIT 1) v ON true
WHERE i.project_id = %(project)s AND i.stream IN ('train', 'gold')
ORDER BY c.id
"""

#: Gold cases on which two judges give different answers or both err, misaligned ones first: what the second gets wrong
#: and the first right, then what both get wrong, then what the second gains; the surest error first.
DIFFERING = """
SELECT i.id, i.identity, a.label, coalesce(v.label, ''), coalesce(w.label, ''),
       CASE WHEN w.label IS DISTINCT FROM a.label AND v.label = a.label THEN 'lost'
            WHEN w.label IS DISTINCT FROM a.label THEN 'both' ELSE 'gained' END AS kind
FROM judge_case c
JOIN judge_item i ON i.id = c.item_id AND i.stream = 'gold'
JOIN judge_agreedlabel a ON a.case_id = c.id AND a.status = 'live' AND a.basis <> 'judge'
JOIN judge_verdict v ON v.case_id = c.id AND v.judge_id = %(first)s
JOIN judge_verdict w ON w.case_id = c.id AND w.judge_id = %(second)s
WHERE c.id = ANY (%(cases)s::bigint[]) AND c.criterion_id = %(criterion)s
  AND (v.label IS DISTINCT FROM a.label OR w.label IS DISTINCT FROM a.label)
ORDER BY array_position(ARRAY['lost', 'both', 'gained'],
                        CASE WHEN w.label IS DISTINCT FROM a.label AND v.label = a.label THEN 'lost'
                             WHEN w.label IS DISTINCT FROM a.label THEN 'both' ELSE 'gained' END),
         CASE WHEN w.label IS DISTINCT FROM a.label THEN w.confidence ELSE v.confidence END DESC NULLS LAST, c.id
LIMIT %(limit)s
"""

#: The generators of a project, those that wrote most first.
GENERATORS = """
SELECT generator FROM judge_item WHERE project_id = %(project)s AND generator <> '' AND stream <> 'certify'
GROUP BY generator ORDER BY count(*) DESC, generator LIMIT %(limit)s
"""
