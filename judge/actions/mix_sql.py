"""What the mixes are counted from. Certify cases are never among them."""

#: What the judge in force says, by criterion and label, in slices of four kinds.
VERDICTS = """
SELECT s.criterion_id, s.label,
       CASE WHEN grouping(s.week) = 0 THEN 'week' WHEN grouping(s.language) = 0 THEN 'language'
            WHEN grouping(s.category) = 0 THEN 'category' ELSE 'generator' END AS kind,
       coalesce(s.week, s.language, s.category, s.generator) AS value, count(*)
FROM (SELECT v.criterion_id, coalesce(v.label, '') AS label, to_char(i.imported_at, 'IYYY-"W"IW') AS week,
             i.language, i.category, i.generator
      FROM judge_verdict v JOIN judge_case c ON c.id = v.case_id JOIN judge_item i ON i.id = c.item_id
      WHERE v.judge_id = %(judge)s AND i.project_id = %(project)s AND i.stream <> 'certify') s
GROUP BY GROUPING SETS ((s.criterion_id, s.label, s.week), (s.criterion_id, s.label, s.language),
                        (s.criterion_id, s.label, s.category), (s.criterion_id, s.label, s.generator))
"""

#: Train and gold cases, whether people's label passes (NULL: not decided yet), and the probability that an item of the
#: frame is one of these. Items that came labelled from outside the sample say nothing of the rest.
PEOPLE = """
SELECT c.criterion_id, to_char(i.imported_at, 'IYYY-"W"IW'), i.language, i.category, i.generator,
       CASE WHEN i.stream_reason = 'drawn' AND f.train_rate + f.gold_rate > 0
            THEN least(1, f.train_rate + f.gold_rate) ELSE i.stream_probability END,
       s.passes, count(*)
FROM judge_item i
JOIN judge_frame f ON f.id = i.frame_id
JOIN judge_case c ON c.item_id = i.id
LEFT JOIN judge_agreedlabel a ON a.case_id = c.id AND a.status = 'live' AND a.basis <> 'judge'
LEFT JOIN judge_scale_label s ON s.criterion_id = a.criterion_id AND s.key = a.label
WHERE i.project_id = %(project)s AND i.stream IN ('train', 'gold') AND i.stream_reason <> 'outside_sample'
GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
