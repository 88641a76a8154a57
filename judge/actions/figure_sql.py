"""Counts for the pages Calibration and Risk and coverage. Of certify cases only how many there are and answered."""

#: By criterion and stream: cases drawn at import to teach or to measure, and how many people have answered.
DRAWN = """
SELECT c.criterion_id, i.stream, count(*), count(*) FILTER (WHERE c.stage IN ('agreed', 'adjudication'))
FROM judge_item i JOIN judge_case c ON c.item_id = i.id
WHERE i.project_id = %(project)s AND i.stream IN ('train', 'certify', 'gold')
GROUP BY c.criterion_id, i.stream
"""
#: All cases by criterion.
CASES = "SELECT criterion_id, count(*) FROM judge_case WHERE project_id = %(project)s GROUP BY criterion_id"

#: Tests of judges by criterion; looks of one test count once (judge.actions.certificates).
TESTED = """
SELECT criterion_id, count(DISTINCT (judge_id, frames, alpha, delta, imported_after))
FROM judge_certificate WHERE project_id = %(project)s GROUP BY criterion_id
"""
