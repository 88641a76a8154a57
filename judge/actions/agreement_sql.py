"""People's answers, counted for the page Agreement. Certify cases are never among them.

Of answers that were given here the first two of each case count: a third person is asked only where two differ, so
counting thirds would make people look more divided than they are. Imported answers count all.

Counted are the cases of each person's latest answers to a criterion, ``most`` of them: a thousand tell as much of how
people answer now as all they ever gave, and a count takes no longer the more there are.
"""

#: By (rater, criterion), which an index serves: people's answers have no probabilities.
_LATEST = """
SELECT DISTINCT answer.case_id
FROM judge_criterion k CROSS JOIN judge_rater r CROSS JOIN LATERAL (
    SELECT j.case_id FROM judge_judgment j
    WHERE j.rater_id = r.id AND j.criterion_id = k.id AND j.probs IS NULL AND j.retracted_at IS NULL
      AND j.purpose IN ('vote', 'imported') AND j.label IS NOT NULL
    ORDER BY j.created_at DESC, j.id DESC LIMIT %(most)s) answer
WHERE k.project_id = %(project)s AND r.kind = 'person'
"""

_SAID = """
SELECT j.case_id, j.criterion_id, j.rater_id, j.label, i.language,
       row_number() OVER (PARTITION BY j.case_id, j.purpose ORDER BY j.id) AS place, j.purpose
FROM (__latest__) latest
JOIN judge_judgment j ON j.case_id = latest.case_id
JOIN judge_case c ON c.id = j.case_id
JOIN judge_item i ON i.id = c.item_id AND i.stream <> 'certify'
JOIN judge_rater r ON r.id = j.rater_id AND r.kind = 'person'
WHERE j.purpose IN ('vote', 'imported') AND j.retracted_at IS NULL AND j.label IS NOT NULL
""".replace("__latest__", _LATEST)
_COUNTED = "SELECT * FROM (__said__) said WHERE purpose = 'imported' OR place <= 2".replace("__said__", _SAID)

#: How often each pattern of answers occurs; all that measures of agreement need.
PATTERNS = """
WITH counted AS (__counted__)
SELECT criterion_id, language, labels, count(*)
FROM (SELECT case_id, criterion_id, language, array_agg(label::text ORDER BY label) AS labels
      FROM counted GROUP BY case_id, criterion_id, language) patterns
WHERE cardinality(labels) > 1
GROUP BY criterion_id, language, labels
ORDER BY criterion_id, language, labels
""".replace("__counted__", _COUNTED)

#: What each two people said of the same cases.
PAIRS = """
WITH counted AS (__counted__)
SELECT a.criterion_id, a.rater_id, b.rater_id, a.label, b.label, count(*)
FROM counted a JOIN counted b ON b.case_id = a.case_id AND b.rater_id > a.rater_id
GROUP BY a.criterion_id, a.rater_id, b.rater_id, a.label, b.label
ORDER BY a.criterion_id, a.rater_id, b.rater_id, a.label, b.label
""".replace("__counted__", _COUNTED)

#: The cases that people split on most: the smaller the share of the commonest label the better, then more answers.
SPLITS = """
WITH said AS (__said__), counts AS (
    SELECT case_id, criterion_id, label, count(*) AS n FROM said GROUP BY case_id, criterion_id, label
), cases AS (
    SELECT case_id, criterion_id, sum(n) AS n, max(n) AS top FROM counts GROUP BY case_id, criterion_id
)
SELECT s.criterion_id, s.case_id, c.item_id, i.identity, s.n, s.top
FROM cases s JOIN judge_case c ON c.id = s.case_id JOIN judge_item i ON i.id = c.item_id
WHERE s.n > 1 AND s.top < s.n
ORDER BY s.top::float8 / s.n, s.n DESC, s.case_id
LIMIT %(limit)s
""".replace("__said__", _SAID)
