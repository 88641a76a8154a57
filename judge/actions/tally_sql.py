"""What tallies sum up, portion by portion of ids. Certify items count by their number alone."""

_PORTION = "__id__ > %(after)s AND (%(until)s::bigint IS NULL OR __id__ <= %(until)s)"

#: Items by generator, and whether they are certify items.
ITEMS = """
SELECT i.generator, i.stream = 'certify', count(*)
FROM judge_item i WHERE i.project_id = %(project)s AND __portion__
GROUP BY 1, 2
""".replace("__portion__", _PORTION.replace("__id__", "i.id"))

#: Cases by criterion and generator.
CASES = """
SELECT c.criterion_id, i.generator, count(*)
FROM judge_case c JOIN judge_item i ON i.id = c.item_id
WHERE c.project_id = %(project)s AND i.stream <> 'certify' AND __portion__
GROUP BY 1, 2
""".replace("__portion__", _PORTION.replace("__id__", "c.id"))

#: What a judge says, by criterion and label ('' for none), in slices of four kinds.
VERDICTS = """
SELECT s.criterion_id, s.label,
       CASE WHEN grouping(s.week) = 0 THEN 'week' WHEN grouping(s.language) = 0 THEN 'language'
            WHEN grouping(s.category) = 0 THEN 'category' ELSE 'generator' END AS kind,
       coalesce(s.week, s.language, s.category, s.generator) AS value, count(*)
FROM (SELECT v.criterion_id, coalesce(v.label, '') AS label, to_char(i.imported_at, 'IYYY-"W"IW') AS week,
             i.language, i.category, i.generator
      FROM judge_verdict v JOIN judge_case c ON c.id = v.case_id JOIN judge_item i ON i.id = c.item_id
      WHERE v.judge_id = %(judge)s AND i.project_id = %(project)s AND i.stream <> 'certify' AND __portion__) s
GROUP BY GROUPING SETS ((s.criterion_id, s.label, s.week), (s.criterion_id, s.label, s.language),
                        (s.criterion_id, s.label, s.category), (s.criterion_id, s.label, s.generator))
""".replace("__portion__", _PORTION.replace("__id__", "v.id"))

#: All labels that were ever agreed, in force or not, by criterion, generator, label and whether the judge's word alone.
_LABELS = """
SELECT l.criterion_id, i.generator, l.label, l.basis = 'judge', count(*)
FROM judge_agreedlabel l JOIN judge_case c ON c.id = l.case_id JOIN judge_item i ON i.id = c.item_id
WHERE c.project_id = %(project)s AND i.stream <> 'certify' AND __condition__
GROUP BY 1, 2, 3, 4
"""
LABELS = _LABELS.replace("__condition__", _PORTION.replace("__id__", "l.id"))
#: Those of them that are in force no more: few, and counted anew each time, since a label's status moves.
GONE = _LABELS.replace(
    "__condition__",
    """l.status <> 'live'
  AND l.criterion_id IN (SELECT id FROM judge_criterion WHERE project_id = %(project)s)""",
)
