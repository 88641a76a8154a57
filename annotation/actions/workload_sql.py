"""How much people did lately, counted for the page Workload. Work on certify items is never among it."""

from __future__ import annotations

#: What people sent since a day, once each: a correction is no further work. One answer takes ten minutes at most: more
#: is somebody who went away.
_SAID = """
SELECT j.case_id, r.user_id, j.purpose, j.submission,
       CASE WHEN j.submission IS NULL THEN (SELECT item_id FROM judge_case WHERE id = j.case_id) END AS item_id,
       least(j.duration_ms, 600000) AS ms, (j.created_at AT TIME ZONE %(zone)s)::date AS day
FROM judge_criterion k CROSS JOIN judge_rater r CROSS JOIN LATERAL (
    SELECT * FROM judge_judgment
    WHERE rater_id = r.id AND criterion_id = k.id AND probs IS NULL AND retracted_at IS NULL
      AND created_at >= %(since)s AND purpose NOT IN ('imported', 'adjudication')
    __latest__) j
WHERE k.project_id = %(project)s AND r.kind = 'person' AND r.user_id IS NOT NULL AND __counts__
"""
#: The few certify cases, read once.
_COUNTS = """NOT EXISTS (
    SELECT FROM judge_item i JOIN judge_case o ON o.item_id = i.id
    WHERE i.project_id = %(project)s AND i.stream = 'certify' AND o.id = __case__)"""

#: Person and day → items, answers, milliseconds, and of how many answers the time is known.
DAYS = """
SELECT s.user_id, s.day, count(*), sum(s.n)::bigint, coalesce(sum(s.ms), 0)::bigint, sum(s.n_timed)::bigint
FROM (SELECT user_id, day, count(*) AS n, sum(ms) AS ms, count(ms) AS n_timed
      FROM (__said__) s GROUP BY user_id, day, submission, item_id) s
GROUP BY s.user_id, s.day ORDER BY s.user_id, s.day
"""

#: Person → the cases of their latest votes, ``most`` on a criterion, and on how many of these people split: who meets
#: the hard ones.
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
WHERE l.criterion_id IN (SELECT id FROM judge_criterion WHERE project_id = %(project)s)
  AND l.status = 'live' AND l.basis IN ('consensus', 'adjudicated') AND __counts__
GROUP BY l.criterion_id ORDER BY l.criterion_id
"""

#: Cases that wait for an adjudicator, and since when the oldest does.
WAITING = """
SELECT count(*), min(c.stage_since)
FROM judge_case c JOIN judge_item i ON i.id = c.item_id AND i.stream <> 'certify'
WHERE c.project_id = %(project)s AND c.stage = 'adjudication'
"""

_SAID = _SAID.replace("__counts__", _COUNTS.replace("__case__", "j.case_id"))
NEEDED = NEEDED.replace("__counts__", _COUNTS.replace("__case__", "l.case_id"))
DAYS = DAYS.replace("__said__", _SAID.replace("__latest__", ""))
SPLIT = SPLIT.replace("__said__", _SAID.replace("__latest__", "ORDER BY created_at DESC, id DESC LIMIT %(most)s"))
