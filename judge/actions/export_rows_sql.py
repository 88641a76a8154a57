"""What training formats read of the chosen labels: items with their labels, and lessons for judges, by context.

Rows come in the order of contexts and items by id, so that a format holds one context at a time in memory, and the
same labels give the same rows.
"""

#: Items with a chosen label under the rubric: the labels by criterion key. A context comes with its first item alone.
ITEMS = """
SELECT e.split, e.is_reserved, e.labels, x.id AS context_pk, x.identity AS context_id,
       i.kind, i.prompt, i.output, i.language, lag(x.id) OVER near IS DISTINCT FROM x.id AS is_first,
       CASE WHEN lag(x.id) OVER near IS DISTINCT FROM x.id THEN x.content END AS context
FROM (SELECT c.item_id, json_object_agg(k.key, a.label) AS labels, min(e.split) AS split,
             bool_or(e.is_reserved) AS is_reserved
      FROM export_label e
      JOIN judge_agreedlabel a ON a.id = e.id
      JOIN judge_rubriccriterion l ON l.criterion_id = a.criterion_id AND l.rubric_id = %(rubric)s
      JOIN judge_criterion k ON k.id = a.criterion_id
      JOIN judge_case c ON c.id = e.case_id
      GROUP BY c.item_id) e
JOIN judge_item i ON i.id = e.item_id
JOIN judge_context x ON x.id = i.context_id
WHERE i.erased_at IS NULL AND x.erased_at IS NULL
WINDOW near AS (ORDER BY x.id, i.id)
ORDER BY x.id, i.id
"""

#: What people agreed on under the rubric: what a judge may learn from, unless the context is reserved.
_BY_PEOPLE = """
FROM export_label e
JOIN judge_agreedlabel a ON a.id = e.id
JOIN judge_rubriccriterion l ON l.criterion_id = a.criterion_id AND l.rubric_id = %(rubric)s
JOIN judge_case c ON c.id = e.case_id
JOIN judge_item i ON i.id = c.item_id
JOIN judge_context x ON x.id = i.context_id
WHERE a.basis <> 'judge' AND i.erased_at IS NULL AND x.erased_at IS NULL
"""

#: How many lessons there are of each label.
CLASSES = f"""
SELECT a.criterion_id, a.label, count(*) AS n
{_BY_PEOPLE} AND NOT e.is_reserved
GROUP BY 1, 2 ORDER BY 1, 2
"""

#: ``place``: 1 for the lesson of its label that is of the newest round and was agreed last.
LESSONS = f"""
SELECT e.split, e.is_reserved, a.criterion_id, a.label, x.content AS context, i.output, i.language,
       row_number() OVER (PARTITION BY a.criterion_id, a.label, e.is_reserved
                          ORDER BY i.round DESC NULLS LAST, a.id DESC) AS place
{_BY_PEOPLE}
ORDER BY x.id, i.id, l.position
"""
