"""How people answer, counted for the page Quality. Answers to certify items are never among them."""

from __future__ import annotations

#: Each person's latest answers to a criterion, ``most`` of them, as an index holds them: a count takes no longer the
#: more there are.
_SAID = """
SELECT j.id, j.case_id, j.criterion_id, j.rater_id, r.user_id, j.label, j.purpose, j.duration_ms, j.submission,
       i.stream
FROM judge_criterion k CROSS JOIN judge_rater r CROSS JOIN LATERAL (
    SELECT * FROM judge_judgment
    WHERE rater_id = r.id AND criterion_id = k.id AND probs IS NULL AND retracted_at IS NULL
    ORDER BY created_at DESC, id DESC LIMIT %(most)s) j
JOIN judge_case c ON c.id = j.case_id
JOIN judge_item i ON i.id = c.item_id AND i.stream <> 'certify'
WHERE k.project_id = %(project)s AND r.kind = 'person' AND r.user_id IS NOT NULL
"""

#: Gold questions and training against what an adjudicator decided; a skip says nothing.
KNOWN = """
SELECT s.rater_id, s.purpose, count(*) FILTER (WHERE s.label = l.label), count(*)
FROM (__said__) s JOIN judge_agreedlabel l ON l.case_id = s.case_id AND l.status = 'live' AND l.basis = 'adjudicated'
WHERE s.purpose IN ('gold_question', 'training') AND s.label IS NOT NULL
GROUP BY s.rater_id, s.purpose
"""

#: What was asked again against the vote that stands.
REPEATS = """
SELECT s.rater_id, count(*) FILTER (WHERE s.label = j.label), count(*)
FROM (__said__) s JOIN judge_judgment j ON j.case_id = s.case_id AND j.rater_id = s.rater_id AND j.purpose = 'vote'
     AND j.retracted_at IS NULL AND j.label IS NOT NULL
WHERE s.purpose = 'repeat' AND s.label IS NOT NULL
GROUP BY s.rater_id
"""

#: Votes against what somebody else decided afterwards.
ADJUDICATED = """
SELECT s.rater_id, count(*) FILTER (WHERE s.label = l.label), count(*)
FROM (__said__) s JOIN judge_agreedlabel l ON l.case_id = s.case_id AND l.status = 'live' AND l.basis = 'adjudicated'
WHERE s.purpose = 'vote' AND s.label IS NOT NULL AND l.by_id IS DISTINCT FROM s.user_id
GROUP BY s.rater_id
"""

#: Each person's usual time for a criterion.
TIMES = """
SELECT s.rater_id, s.user_id, s.criterion_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY s.duration_ms), count(*)
FROM (__said__) s
WHERE s.purpose = 'vote' AND s.duration_ms IS NOT NULL
GROUP BY s.rater_id, s.user_id, s.criterion_id
"""

#: Items answered too fast to have been read, by the rule of annotation.rules.measuring.is_fast.
FAST = """
WITH said AS (__said__), usual AS (
    SELECT rater_id, criterion_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) AS ms, count(*) AS n
    FROM said WHERE purpose = 'vote' AND duration_ms IS NOT NULL GROUP BY rater_id, criterion_id
), items AS (
    SELECT s.rater_id, s.submission, sum(s.duration_ms) AS ms, sum(u.ms) AS usual_ms,
           coalesce(bool_and(u.n >= %(least_timed)s), false) AS is_known
    FROM said s LEFT JOIN usual u ON u.rater_id = s.rater_id AND u.criterion_id = s.criterion_id
    WHERE s.purpose IN ('vote', 'extra', 'gold_question', 'repeat') AND s.duration_ms IS NOT NULL
      AND s.submission IS NOT NULL
    GROUP BY s.rater_id, s.submission
)
SELECT rater_id, count(*) FILTER (WHERE ms < %(least_ms)s OR (is_known AND ms < %(fast_share)s * usual_ms)), count(*)
FROM items GROUP BY rater_id
"""

#: What the confusion model is fitted on.
ANSWERS = """
SELECT s.criterion_id, s.case_id, s.rater_id, s.label FROM (__said__) s
WHERE s.purpose = 'vote' AND s.label IS NOT NULL ORDER BY s.id
"""

#: Agreement with the judge in force on train items, by whether its view was beside them.
ANCHORING = """
SELECT s.purpose = 'shown_first', count(*) FILTER (WHERE s.label = v.label), count(*)
FROM (__said__) s
JOIN judge_project p ON p.id = %(project)s
JOIN judge_verdict v ON v.case_id = s.case_id AND v.judge_id = p.judge_id AND v.label IS NOT NULL AND v.doubt = ''
WHERE s.stream = 'train' AND s.label IS NOT NULL
  AND (s.purpose = 'vote'
       OR (s.purpose = 'shown_first'
           AND EXISTS (SELECT FROM annotation_submission b JOIN annotation_lease l ON l.id = b.lease_id
                       WHERE b.key = s.submission AND l.judge_id = v.judge_id)))
GROUP BY 1
"""

#: Single labels that two more people have checked: how many became another label, and how many are through.
CHECKED = """
SELECT count(*) FILTER (WHERE first.label <> l.label), count(*)
FROM judge_decision d
JOIN judge_case c ON c.id = d.case_id AND c.project_id = %(project)s
JOIN judge_item i ON i.id = c.item_id AND i.stream <> 'certify'
JOIN judge_agreedlabel l ON l.case_id = c.id AND l.status = 'live' AND l.basis IN ('consensus', 'adjudicated')
JOIN LATERAL (SELECT label FROM judge_agreedlabel a WHERE a.case_id = c.id AND a.basis = 'single' AND a.id < l.id
              ORDER BY a.id DESC LIMIT 1) first ON true
WHERE d.reason = 'second_label'
"""

KNOWN, REPEATS, ADJUDICATED, TIMES, FAST, ANSWERS, ANCHORING = (
    each.replace("__said__", _SAID) for each in (KNOWN, REPEATS, ADJUDICATED, TIMES, FAST, ANSWERS, ANCHORING)
)
