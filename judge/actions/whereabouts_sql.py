"""Where a project's cases are, counted for the overview."""

#: Cases by criterion and stage, and labels in force by criterion and basis.
COUNTS = """
SELECT 'stages', criterion_id, stage, count(*) FROM judge_case WHERE project_id = %(project)s GROUP BY 2, 3
UNION ALL
SELECT 'bases', criterion_id, basis, count(*) FROM judge_agreedlabel
WHERE criterion_id IN (SELECT id FROM judge_criterion WHERE project_id = %(project)s) AND status = 'live' GROUP BY 2, 3
ORDER BY 1, 2, 3
"""

#: Why cases are with people now: the latest decision of each.
REASONS = """
SELECT d.reason, count(*)
FROM judge_case c
CROSS JOIN LATERAL (SELECT reason FROM judge_decision WHERE case_id = c.id ORDER BY id DESC LIMIT 1) d
WHERE c.project_id = %(project)s AND c.stage IN ('people', 'adjudication')
GROUP BY 1 ORDER BY 2 DESC, 1
"""

#: Items; how long the cases that wait for people have waited, since when the first and since when half of them; what
#: certificates accepted, and how much of it was drawn to be shown to people as well.
TOTALS = """
SELECT (SELECT count(*) FROM judge_item WHERE project_id = %(project)s), waiting.*, accepted.*
FROM (SELECT count(*), min(stage_since), percentile_disc(.5) WITHIN GROUP (ORDER BY stage_since)
      FROM judge_case WHERE project_id = %(project)s AND stage = 'people') waiting,
     (SELECT count(*), count(*) FILTER (WHERE is_audited) FROM judge_decision
      WHERE route = 'accept'
        AND certificate_id IN (SELECT id FROM judge_certificate WHERE project_id = %(project)s)) accepted
"""

#: The latest timed answers of members, in seconds: of each of them the latest by criterion, and of these the latest.
LATEST_TIMES = """
    SELECT latest.duration_ms / 1000.0 AS seconds
    FROM judge_rater r CROSS JOIN judge_criterion k CROSS JOIN LATERAL (
        SELECT j.duration_ms, j.created_at FROM judge_judgment j
        WHERE j.rater_id = r.id AND j.criterion_id = k.id AND j.probs IS NULL AND j.retracted_at IS NULL
          AND j.duration_ms IS NOT NULL AND j.purpose = 'vote'
        ORDER BY j.created_at DESC LIMIT %(recent)s) latest
    WHERE r.user_id IN (SELECT user_id FROM judge_membership WHERE project_id = %(project)s)
      AND k.project_id = %(project)s
    ORDER BY latest.created_at DESC LIMIT %(recent)s
"""

#: How long an answer takes: the median of the latest, and the order statistics that hold it in 19 of 20 samples
#: (ranks n/2 ± .98 √n: the binomial interval of a median).
SECONDS = """
WITH timed AS MATERIALIZED (
    __latest__
), reach AS (SELECT .98 / sqrt(nullif(count(*), 0)) AS half FROM timed)
SELECT count(*),
       percentile_cont(.5) WITHIN GROUP (ORDER BY seconds),
       percentile_disc((SELECT greatest(0, .5 - half) FROM reach)) WITHIN GROUP (ORDER BY seconds),
       percentile_disc((SELECT least(1, .5 + half) FROM reach)) WITHIN GROUP (ORDER BY seconds)
FROM timed
""".replace("__latest__", LATEST_TIMES.strip())

#: Whether a project has more cases than these: looks at no more of them.
IS_LARGE = """
SELECT EXISTS (SELECT FROM judge_case WHERE project_id = %(project)s OFFSET %(most)s)
"""
