"""What the quality of an export is estimated from."""

#: The chosen labels by what made them, and whether it is a certificate in force. A label in the place of an audited
#: acceptance is a stratum of its own.
STRATA = """
SELECT a.basis, a.basis <> 'judge' AND d.is_audited, k.key, CASE WHEN a.basis = 'judge' THEN o.certificate_id END,
       count(*), a.basis = 'judge' AND coalesce(t.state = 'certified', false)
FROM export_label e
JOIN judge_agreedlabel a ON a.id = e.id
JOIN judge_criterion k ON k.id = a.criterion_id
LEFT JOIN judge_decision o ON o.id = a.decision_id
LEFT JOIN judge_certificate t ON t.id = o.certificate_id
CROSS JOIN LATERAL (SELECT EXISTS (
    SELECT FROM judge_decision w WHERE w.case_id = e.case_id AND w.route = 'accept' AND w.is_audited) AS is_audited) d
GROUP BY 1, 2, 3, 4, 6
ORDER BY 3, 1, 2, 4
"""

#: An item that the filters take; the label's own filters speak of what the judge had said.
_FITS = """
    (%(only_generator)s::text[] IS NULL OR i.generator = ANY (%(only_generator)s::text[]))
AND (%(only_language)s::text[] IS NULL OR i.language = ANY (%(only_language)s::text[]))
AND (%(only_round)s::int[] IS NULL OR i.round = ANY (%(only_round)s::int[]))
"""

#: Audited acceptances under a certificate that the filters take, with π and the least π of all acceptances.
AUDITED = """
SELECT case_id, probability, least FROM (
SELECT d.id, d.case_id, d.is_audited, d.audit_probability AS probability, min(d.audit_probability) OVER () AS least
FROM judge_decision d
JOIN judge_case c ON c.id = d.case_id
JOIN judge_item i ON i.id = c.item_id
WHERE d.certificate_id = %(certificate)s AND d.route = 'accept' AND d.audit_probability > 0
  AND (%(only_min_p)s::float8 IS NULL OR d.confidence >= %(only_min_p)s::float8)
  AND (%(only_since)s::timestamptz IS NULL OR d.created_at >= %(only_since)s::timestamptz)
  AND (%(only_until)s::timestamptz IS NULL OR d.created_at < %(only_until)s::timestamptz)
  AND __fits__) accepted
WHERE is_audited ORDER BY id
""".replace("__fits__", _FITS)

#: Single labels that two more people were asked about and that have settled since, and whether they were wrong.
SECOND_LABELS = """
SELECT DISTINCT ON (d.case_id) d.case_id, d.audit_probability, f.label <> n.label
FROM judge_decision d
JOIN judge_case c ON c.id = d.case_id
JOIN judge_criterion k ON k.id = c.criterion_id AND k.key = %(criterion)s
JOIN judge_item i ON i.id = c.item_id
JOIN judge_agreedlabel n ON n.case_id = c.id AND n.status = 'live' AND n.basis <> 'single'
JOIN LATERAL (SELECT label FROM judge_agreedlabel WHERE case_id = c.id AND basis = 'single' ORDER BY id LIMIT 1) f
     ON true
WHERE c.project_id = %(project)s AND d.reason = 'second_label' AND d.audit_probability > 0
  AND __fits__
ORDER BY d.case_id, d.id
""".replace("__fits__", _FITS)
