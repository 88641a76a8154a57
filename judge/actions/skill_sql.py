"""What a table of skills is fitted on: people's answers, what the judge in force says beforehand, and gold labels.

Answers are people's standing ones with a label, given here or elsewhere. What came after a label was made (extra) was
not asked for and tells nothing here.
"""

#: One line for each criterion that people answered. It changes with whatever its table is fitted on: an answer,
#: a correction, a gold label, another judge in force.
STATES = """
SELECT a.criterion_id, concat(a.n, ':', a.last, ':', p.judge_id, ':', g.n, ':', g.last)
FROM (SELECT j.criterion_id, count(*) AS n, max(j.id) AS last
      FROM judge_judgment j JOIN judge_rater r ON r.id = j.rater_id AND r.kind = 'person'
      WHERE j.purpose IN ('vote', 'imported') AND j.retracted_at IS NULL AND j.label IS NOT NULL
      GROUP BY j.criterion_id) a
JOIN judge_criterion c ON c.id = a.criterion_id JOIN judge_project p ON p.id = c.project_id
LEFT JOIN (SELECT l.criterion_id, count(*) AS n, max(l.id) AS last FROM judge_agreedlabel l
           WHERE l.basis = 'adjudicated' AND l.status = 'live' GROUP BY l.criterion_id) g
       ON g.criterion_id = a.criterion_id
WHERE %(criteria)s::bigint[] IS NULL OR a.criterion_id = ANY (%(criteria)s::bigint[])
"""

#: In the order in which they were given.
ANSWERS = """
SELECT j.case_id, j.rater_id, j.label
FROM judge_judgment j JOIN judge_rater r ON r.id = j.rater_id AND r.kind = 'person'
WHERE j.criterion_id = %(criterion)s
  AND j.purpose IN ('vote', 'imported') AND j.retracted_at IS NULL AND j.label IS NOT NULL
ORDER BY j.id
"""

#: p̂ of the judge in force where people answered; none where the text commands the judge.
PRIORS = """
SELECT v.case_id, v.probs
FROM judge_verdict v JOIN judge_criterion c ON c.id = v.criterion_id
JOIN judge_project p ON p.id = c.project_id AND p.judge_id = v.judge_id
WHERE v.case_id = ANY (%(cases)s::bigint[]) AND v.probs IS NOT NULL AND v.doubt <> 'suspicious'
"""

#: Gold cases that an adjudicator has decided, with the probability of their draw.
GOLD = """
SELECT l.case_id, l.label, i.stream_probability
FROM judge_agreedlabel l JOIN judge_case c ON c.id = l.case_id JOIN judge_item i ON i.id = c.item_id
WHERE l.criterion_id = %(criterion)s AND l.basis = 'adjudicated' AND l.status = 'live' AND i.stream = 'gold'
ORDER BY l.case_id
"""
