"""What the mixes are counted from. Certify cases are never among them."""

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
