"""What the page Audit is computed from: acceptances as the watch read them, and what became of doubted labels."""

#: Acceptances under a certificate in order, after one and up to another. A watch keeps its errors by their decision.
READ = """
SELECT d.id, d.confidence, d.audit_probability, d.is_audited, d.case_id, d.created_at
FROM judge_decision d
WHERE d.certificate_id = %(certificate)s AND d.route = 'accept' AND d.id > %(after)s AND d.id <= %(until)s
ORDER BY d.id LIMIT %(limit)s
"""

#: The audits of a certificate from one on, by language, category and generator. A slice without a name is none.
SLICES = """
SELECT CASE WHEN grouping(s.language) = 0 THEN 'language' WHEN grouping(s.category) = 0 THEN 'category'
            ELSE 'generator' END, coalesce(s.language, s.category, s.generator), count(*),
       count(*) FILTER (WHERE is_error)
FROM (SELECT nullif(i.language, '') AS language, nullif(i.category, '') AS category,
             nullif(i.generator, '') AS generator, d.id = ANY (%(errors)s::bigint[]) AS is_error
      FROM judge_decision d JOIN judge_case c ON c.id = d.case_id JOIN judge_item i ON i.id = c.item_id
      WHERE d.certificate_id = %(certificate)s AND d.route = 'accept' AND d.is_audited
        AND d.id >= %(since)s AND d.id <= %(until)s) s
GROUP BY GROUPING SETS ((s.language), (s.category), (s.generator))
HAVING coalesce(s.language, s.category, s.generator) IS NOT NULL
"""

#: Labels that an alarm doubted: still in doubt, looked at and kept, looked at and changed.
OUTCOMES = """
SELECT count(*) FILTER (WHERE l.status = 'in_doubt'), count(*) FILTER (WHERE n.label = l.label),
       count(*) FILTER (WHERE n.label <> l.label)
FROM judge_decision d
JOIN judge_agreedlabel l ON l.case_id = d.case_id AND l.decision_id = d.id AND l.basis = 'judge' AND l.status <> 'live'
LEFT JOIN judge_agreedlabel n ON n.supersedes_id = l.id
WHERE d.certificate_id = %(certificate)s AND d.route = 'accept' AND d.id >= %(since)s
  AND (l.status = 'in_doubt' OR l.status_since >= %(rang)s)
"""
