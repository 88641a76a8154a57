"""How much people did lately, counted for the page Workload. Work on certify items is never among it."""

from __future__ import annotations

#: What people sent since a day, once each: a correction is no further work. One answer takes ten minutes at most: more
#: is somebody who went away.
_SAID = """
SELECT j.case_id, j.criterion_id, j.rater_id, r.user_id, j.purpose, j.submission, i.id AS item_id,
       least(j.duration_ms, 600000) AS ms, (j.created_at AT TIME ZONE %(zone)s)::date AS day
FROM judge_rater r
JOIN judge_judgment j ON j.rater_id = r.id AND j.created_at >= %(since)s
JOIN judge_case c ON c.id = j.case_id AND c.project_id = %(project)s
JOIN judge_item i ON i.id = c.item_id AND i.stream <> 'certify'
WHERE r.kind = 'person' AND r.user_id IS NOT NULL AND j.retracted_at IS NULL
  AND j.purpose NOT IN ('imported', 'adjudication')
"""

#: Person and day → items, answers, milliseconds, and of how many answers the time is known.
DAYS = """
SELECT s.user_id, s.day, count(DISTINCT coalesce(s.submission::text, 'item ' || s.item_id)), count(*),
       coalesce(sum(s.ms), 0)::bigint, count(s.ms)
FROM (__said__) s GROUP BY s.user_id, s.day ORDER BY s.user_id, s.day
"""

#: Person → the cases that they voted on, and on how many of these people split: who meets the hard ones.
SPLIT = """
WITH voted AS (SELECT DISTINCT s.user_id, s.case_id FROM (__said__) s WHERE s.purpose = 'vote'), split AS (
    SELECT j.case_id FROM judge_judgment j
    WHERE j.case_id IN (SELECT case_id FROM voted) AND j.purpose = 'vote' AND j.retracted_at IS NULL
      AND j.label IS NOT NULL
    GROUP BY j.case_id HAVING count(*) > 1 AND min(j.label) <> max(j.label))
SELECT v.user_id, count(s.case_id), count(*) FROM voted v LEFT JOIN split s ON s.case_id = v.case_id
GROUP BY v.user_id
"""

#: Person and day → cases decided as an adjudicator.
DECIDED = """
SELECT l.by_id, (l.created_at AT TIME ZONE %(zone)s)::date, count(*)
FROM judge_agreedlabel l
JOIN judge_case c ON c.id = l.case_id AND c.project_id = %(project)s
JOIN judge_item i ON i.id = c.item_id AND i.stream <> 'certify'
WHERE l.basis = 'adjudicated' AND l.by_id IS NOT NULL AND l.created_at >= %(since)s
GROUP BY 1, 2 ORDER BY 1, 2
"""

#: Criterion → labels that needed an adjudicator, and all that people settled, as they stand.
NEEDED = """
SELECT l.criterion_id, count(*) FILTER (WHERE l.basis = 'adjudicated'), count(*)
FROM judge_agreedlabel l
JOIN judge_case c ON c.id = l.case_id AND c.project_id = %(project)s
JOIN judge_item i ON i.id = c.item_id AND i.stream <> 'certify'
WHERE l.status = 'live' AND l.basis IN ('consensus', 'adjudicated')
GROUP BY l.criterion_id ORDER BY l.criterion_id
"""

#: Cases that wait for an adjudicator, and since when the oldest does.
WAITING = """
SELECT count(*), min(c.stage_since)
FROM judge_case c JOIN judge_item i ON i.id = c.item_id AND i.stream <> 'certify'
WHERE c.project_id = %(project)s AND c.stage = 'adjudication'
"""

DAYS, SPLIT = (each.replace("__said__", _SAID) for each in (DAYS, SPLIT))
