"""The statements of an import of judgments, in the order in which judge.actions.imported_judgments runs them."""

CREATE_STAGING = """
CREATE TEMPORARY TABLE staged_judgment (
    number bigint, item_identity text, criterion_id bigint, kind text, rater text, label text, unscored_reason text,
    probs jsonb, confidence float8, rationale text, given_at timestamptz, case_id bigint, item_id bigint
) ON COMMIT DROP
"""

COPY_STAGING = """
COPY staged_judgment (number, item_identity, criterion_id, kind, rater, label, unscored_reason, probs, confidence,
                      rationale, given_at) FROM STDIN
"""

#: Items that were erased take no answers any more.
FIND_ITEMS = """
UPDATE staged_judgment s SET item_id = i.id FROM judge_item i
WHERE i.project_id = %s AND i.identity = s.item_identity AND i.erased_at IS NULL
"""

FIND_CASES = """
UPDATE staged_judgment s SET case_id = c.id FROM judge_case c
WHERE c.item_id = s.item_id AND c.criterion_id = s.criterion_id
"""

INDEX_STAGING = "CREATE INDEX ON staged_judgment (case_id, rater)"
ANALYZE_STAGING = "ANALYZE staged_judgment"

UNKNOWN = """
SELECT number, item_identity, criterion_id, rater, kind, label, item_id IS NOT NULL AS is_item FROM staged_judgment
WHERE case_id IS NULL ORDER BY number
"""

DELETE_UNKNOWN = "DELETE FROM staged_judgment WHERE case_id IS NULL"

#: Lines of a rater who answered the case before: here, or earlier in the file.
CREATE_DOUBLES = """
CREATE TEMPORARY TABLE doubled_judgment ON COMMIT DROP AS
SELECT * FROM (
    SELECT s.ctid AS place, s.number, s.item_identity, s.criterion_id, s.rater, s.kind, s.label,
           coalesce(j.label, j.unscored_reason) AS known,
           row_number() OVER by_answer AS turn,
           first_value(coalesce(s.label, s.unscored_reason)) OVER by_answer AS first_told,
           coalesce(s.label, s.unscored_reason) AS told
    FROM staged_judgment s
    LEFT JOIN judge_rater r
           ON r.project_id = %(project)s AND r.origin = %(origin)s AND r.kind = s.kind AND r.name = s.rater
    LEFT JOIN judge_judgment j
           ON j.case_id = s.case_id AND j.rater_id = r.id AND j.purpose = 'imported' AND j.retracted_at IS NULL
    WINDOW by_answer AS (PARTITION BY s.case_id, s.kind, s.rater ORDER BY s.number, s.ctid)
) said WHERE known IS NOT NULL OR turn > 1
"""

CHANGED = """
SELECT number, item_identity, criterion_id, rater, kind, label, coalesce(known, first_told) FROM doubled_judgment
WHERE told <> coalesce(known, first_told) ORDER BY number
"""

DELETE_DOUBLES = "DELETE FROM staged_judgment s USING doubled_judgment d WHERE s.ctid = d.place"

DROP_STAGING = "DROP TABLE staged_judgment, doubled_judgment"

RATERS = "SELECT DISTINCT rater FROM staged_judgment WHERE kind = %s ORDER BY rater"

#: One rater's answers in the order of the cases, from a case on.
ANSWERS = """
SELECT case_id, label, unscored_reason, probs, confidence, rationale, given_at FROM staged_judgment
WHERE kind = %s AND rater = %s AND case_id > %s ORDER BY case_id LIMIT %s
"""

FRAMES = """
SELECT DISTINCT i.frame_id FROM staged_judgment s JOIN judge_item i ON i.id = s.item_id WHERE s.kind = 'person'
"""

#: An import leaves the planner with statistics of empty tables (see judge.actions.item_sql).
ANALYZE = "ANALYZE judge_judgment, judge_case, judge_item"
