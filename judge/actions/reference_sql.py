"""What people and a judge say of cases that measure the judge."""

#: One row for each case: the verdict, and people's answers apart by whether they were given here or elsewhere.
#: A verdict in doubt has no confidence here: it is never accepted, and the certificate counts it so (ADR 8).
READINGS = """
SELECT c.id, c.item_id, i.identity, f.salt, i.context_id, i.stream, i.stream_probability, f.reference,
       c.stage IN ('agreed', 'adjudication') AS is_answered,
       v.id IS NOT NULL AS is_judged, v.label AS verdict,
       CASE WHEN v.doubt = '' THEN v.confidence END AS confidence,
       array(SELECT j.label::text FROM judge_judgment j JOIN judge_rater r ON r.id = j.rater_id AND r.kind = 'person'
             WHERE j.case_id = c.id AND j.retracted_at IS NULL AND j.label IS NOT NULL AND j.purpose = 'vote'
             ORDER BY j.id) AS votes,
       array(SELECT j.label::text FROM judge_judgment j JOIN judge_rater r ON r.id = j.rater_id AND r.kind = 'person'
             WHERE j.case_id = c.id AND j.retracted_at IS NULL AND j.label IS NOT NULL AND j.purpose = 'imported'
             ORDER BY j.id) AS imported
FROM judge_case c
JOIN judge_item i ON i.id = c.item_id
JOIN judge_frame f ON f.id = i.frame_id
LEFT JOIN judge_verdict v ON v.case_id = c.id AND v.judge_id = %(judge)s
WHERE c.criterion_id = %(criterion)s
"""
IN_STREAM = (
    READINGS
    + """
  AND i.stream = %(stream)s AND i.frame_id = ANY (%(frames)s::bigint[])
  AND (%(after)s::timestamptz IS NULL OR i.imported_at > %(after)s::timestamptz)
ORDER BY c.id
"""
)
#: The latest cases of a stream that teaches or measures, whatever their frame.
LATEST = (
    READINGS
    + """
  AND i.project_id = %(project)s AND i.stream = %(stream)s
  AND i.stream IN ('train', 'gold')
ORDER BY c.id DESC LIMIT %(most)s
"""
)
OF_CASES = READINGS + " AND c.id = ANY (%(cases)s::bigint[]) ORDER BY c.id"

#: Confidences from which a grid is made: all cases outside certify and train, whatever their routing; and those of
#: train, for the case that there are too few of the others. Verdicts in doubt are no scores.
SCORES = """
SELECT i.stream = 'train', v.confidence
FROM judge_verdict v JOIN judge_case c ON c.id = v.case_id JOIN judge_item i ON i.id = c.item_id
WHERE v.judge_id = %(judge)s AND v.criterion_id = %(criterion)s AND v.confidence IS NOT NULL AND v.doubt = ''
  AND i.stream <> 'certify' AND i.frame_id = ANY (%(frames)s::bigint[])
"""

#: Whether the certificate may speak of new contexts: certify holds one item of each of its contexts, and no other
#: stream holds any of them.
CONTEXTS_APART = """
SELECT NOT EXISTS (
    SELECT FROM judge_item i
    WHERE i.project_id = %(project)s AND i.stream = 'certify' AND i.frame_id = ANY (%(frames)s::bigint[])
      AND EXISTS (SELECT FROM judge_item o WHERE o.context_id = i.context_id AND o.id <> i.id))
"""
