"""What exports read. Column names are the fields of judge.formats.training.

Statements run in the export's transaction and read rows that only ever grow, so that a snapshot can be made again."""

#: The labels of the running export; judge.actions.export_scope tells what each column means.
CREATE_CHOSEN = """
CREATE TEMPORARY TABLE export_label (
    id bigint PRIMARY KEY, case_id bigint NOT NULL, split text,
    is_reserved boolean NOT NULL, is_certify boolean NOT NULL
) ON COMMIT DROP
"""

#: A context is reserved where one of its items measures judges: certify, gold, or people's answers are a reference.
_RESERVED = """
SELECT o.context_id FROM judge_item o WHERE o.project_id = %(project)s AND o.stream IN ('certify', 'gold')
UNION
SELECT o.context_id FROM judge_case oc JOIN judge_item o ON o.id = oc.item_id
WHERE oc.project_id = %(project)s AND oc.is_reference
"""

#: A number in [0, 1) from 52 bits of SHA-256 says into which part a user's contexts go: the same in every export.
_UNIFORM = """
(('x' || left(encode(sha256(convert_to(coalesce(nullif('user:' || x.user_key, 'user:'), 'context:' || x.identity),
                                       'UTF8')), 'hex'), 13))::bit(52)::bigint / 4503599627370496.0::float8)
"""

#: The live labels that the filters take. A criterion's passing of a filter "rubric" is being linked by that version.
CHOOSE = """
WITH reserved AS MATERIALIZED ({reserved})
INSERT INTO export_label (id, case_id, split, is_reserved, is_certify)
SELECT a.id, c.id,
       CASE WHEN %(ends)s::float8[] IS NULL THEN NULL
            ELSE (%(names)s::text[])[1 + (SELECT count(*) FROM unnest(%(ends)s::float8[]) e WHERE e <= {uniform})] END,
       x.id IN (SELECT context_id FROM reserved), i.stream = 'certify'
FROM judge_agreedlabel a
JOIN judge_case c ON c.id = a.case_id
JOIN judge_item i ON i.id = c.item_id
JOIN judge_context x ON x.id = i.context_id
WHERE c.project_id = %(project)s AND a.status = 'live'
  AND (%(only_min_p)s::float8 IS NULL
       OR coalesce(1 - a.p_wrong, (a.probs ->> a.label)::float8, 0) >= %(only_min_p)s::float8)
  AND (%(only_criterion)s::text[] IS NULL OR a.criterion_id IN
       (SELECT id FROM judge_criterion WHERE project_id = %(project)s AND key = ANY (%(only_criterion)s::text[])))
  AND (%(only_basis)s::text[] IS NULL OR a.basis = ANY (%(only_basis)s::text[]))
  AND (%(only_generator)s::text[] IS NULL OR i.generator = ANY (%(only_generator)s::text[]))
  AND (%(only_language)s::text[] IS NULL OR i.language = ANY (%(only_language)s::text[]))
  AND (%(only_rubric)s::int IS NULL OR a.criterion_id IN
       (SELECT l.criterion_id FROM judge_rubriccriterion l JOIN judge_rubric b ON b.id = l.rubric_id
        WHERE b.project_id = %(project)s AND b.version = %(only_rubric)s::int))
  AND (%(only_round)s::int[] IS NULL OR i.round = ANY (%(only_round)s::int[]))
  AND (%(only_since)s::timestamptz IS NULL OR a.created_at >= %(only_since)s::timestamptz)
  AND (%(only_until)s::timestamptz IS NULL OR a.created_at < %(only_until)s::timestamptz)
ORDER BY a.id
""".replace("{reserved}", _RESERVED).replace("{uniform}", _UNIFORM)

#: The labels of an earlier snapshot.
RECALL = """
INSERT INTO export_label (id, case_id, split, is_reserved, is_certify)
SELECT a.id, a.case_id,
       CASE WHEN %(ends)s::float8[] IS NULL THEN NULL
            ELSE (%(names)s::text[])[1 + (SELECT count(*) FROM unnest(%(ends)s::float8[]) e WHERE e <= {uniform})] END,
       t.is_reserved, i.stream = 'certify'
FROM judge_snapshotpart p
CROSS JOIN LATERAL (SELECT u.id, u.id = ANY (p.reserved_ids) AS is_reserved FROM unnest(p.label_ids) AS u (id)) t
JOIN judge_agreedlabel a ON a.id = t.id
JOIN judge_case c ON c.id = a.case_id
JOIN judge_item i ON i.id = c.item_id
JOIN judge_context x ON x.id = i.context_id
WHERE p.snapshot_id = %(snapshot)s
ORDER BY a.id
""".replace("{uniform}", _UNIFORM)

#: Whether a text that the snapshot held was erased since.
ERASED = """
SELECT count(*) FROM export_label e
JOIN judge_case c ON c.id = e.case_id JOIN judge_item i ON i.id = c.item_id JOIN judge_context x ON x.id = i.context_id
WHERE i.erased_at IS NOT NULL OR x.erased_at IS NOT NULL
"""

#: Only what is new since an earlier snapshot: by label, or all labels of an item or a context that has a new one.
DROP_KNOWN = """
WITH known AS MATERIALIZED (SELECT unnest(label_ids) AS id FROM judge_snapshotpart WHERE snapshot_id = %(since)s),
     fresh AS MATERIALIZED (
         SELECT DISTINCT CASE %(grain)s WHEN 'label' THEN e.id WHEN 'item' THEN i.id ELSE i.context_id END AS id
         FROM export_label e JOIN judge_case c ON c.id = e.case_id JOIN judge_item i ON i.id = c.item_id
         WHERE e.id NOT IN (SELECT id FROM known))
DELETE FROM export_label e USING judge_case c, judge_item i
WHERE c.id = e.case_id AND i.id = c.item_id
  AND CASE %(grain)s WHEN 'label' THEN e.id WHEN 'item' THEN i.id ELSE i.context_id END NOT IN (SELECT id FROM fresh)
"""

#: Labels of the earlier snapshot that were no longer in force.
SUPERSEDED_IDS = """
SELECT a.id FROM judge_snapshotpart p CROSS JOIN LATERAL unnest(p.label_ids) AS t (id)
JOIN judge_agreedlabel a ON a.id = t.id AND a.status <> 'live'
WHERE p.snapshot_id = %(since)s ORDER BY a.id
"""

#: What each of them said, and what this export has in its place.
SUPERSEDED = """
SELECT i.identity AS item_id, k.key AS criterion, a.label, a.basis, n.label AS label_now, n.basis AS basis_now
FROM unnest(%(superseded)s::bigint[]) AS t (id)
JOIN judge_agreedlabel a ON a.id = t.id
JOIN judge_case c ON c.id = a.case_id
JOIN judge_criterion k ON k.id = c.criterion_id
JOIN judge_item i ON i.id = c.item_id
LEFT JOIN export_label e ON e.case_id = a.case_id
LEFT JOIN judge_agreedlabel n ON n.id = e.id
WHERE %(sees_certify)s OR i.stream <> 'certify'
ORDER BY a.id
"""

#: The labels of an export, kept with its snapshot in parts.
KEEP = """
INSERT INTO judge_snapshotpart (snapshot_id, position, label_ids, reserved_ids)
SELECT %(snapshot)s, place, array_agg(id ORDER BY id),
       coalesce(array_agg(id ORDER BY id) FILTER (WHERE is_reserved), '{}')
FROM (SELECT id, is_reserved, (row_number() OVER (ORDER BY id) - 1) / %(size)s AS place FROM export_label) numbered
GROUP BY place
"""

#: Counts of the chosen labels by what a reader asks first: group, value, number.
COUNTS = """
SELECT g.name, coalesce(g.value, 'none'), sum(t.n)::bigint
FROM (SELECT k.key, a.basis, e.split, i.language, i.round, count(*) AS n
      FROM export_label e
      JOIN judge_agreedlabel a ON a.id = e.id
      JOIN judge_criterion k ON k.id = a.criterion_id
      JOIN judge_case c ON c.id = e.case_id
      JOIN judge_item i ON i.id = c.item_id
      GROUP BY 1, 2, 3, 4, 5) t
CROSS JOIN LATERAL (VALUES ('all', 'all'), ('criterion', t.key), ('basis', t.basis), ('split', t.split),
                           ('language', nullif(t.language, '')), ('round', t.round::text),
                           ('kind', t.key || ' · ' || t.basis)) AS g (name, value)
GROUP BY 1, 2
ORDER BY 1, 2
"""

DROP_CERTIFY = "DELETE FROM export_label WHERE is_certify"
DROP_UNPLACED = "DELETE FROM export_label WHERE split IS NULL"

#: Only what the export saw: see judge.actions.export_seen.
_SEEN = "{row}.id <= %(newest_{table})s AND NOT {row}.id <@ %(missing_{table})s::int8multirange"

#: An answer that was taken back still counts where the export has not seen what came in its place.
_RATERS = """
(SELECT coalesce('[' || string_agg('{"rater": "' || r.kind || '-' || r.id || '", "label": ' || to_json(j.label) || '}',
                                   ', ' ORDER BY j.id) || ']', '[]')
 FROM judge_judgment j JOIN judge_rater r ON r.id = j.rater_id
 WHERE j.case_id = e.case_id AND j.label IS NOT NULL AND j.purpose IN ('vote', 'adjudication', 'imported') AND {seen_j}
   AND (j.retracted_at IS NULL
        OR NOT EXISTS (SELECT FROM judge_judgment n
                       WHERE n.case_id = j.case_id AND n.rater_id = j.rater_id AND n.id > j.id AND {seen_n})))::json
""".replace("{seen_j}", _SEEN.format(row="j", table="judgment")).replace(
    "{seen_n}", _SEEN.format(row="n", table="judgment")
)

#: A label that people gave to an audited case stands for 1/π accepted ones, where the judge's own labels are not in the
#: file. Everything else that was decided is in it, and stands for itself.
_WEIGHT = "CASE WHEN %(people_only)s AND d.is_audited THEN 1 / d.probability ELSE 1.0::float8 END"

#: Field of a ``labels`` row → what it is read from. Types are those of judge.formats.training.LABELS_COLUMNS.
LABELS_COLUMNS = {
    "item_id": "i.identity", "context_id": "x.identity", "context": "x.content", "output": "i.output",
    "criterion": "k.key", "label": "a.label", "passes": "s.passes", "probs": "a.probs::json", "p_wrong": "a.p_wrong",
    "basis": "a.basis", "n_people": "a.n_people", "confidence": "v.confidence", "raters": _RATERS.strip(),
    "weight": _WEIGHT, "judge_version": "g.version::text",
    "rubric_version": "(%(rubric_versions)s::json ->> k.id::text)", "stream": "i.stream",
    "audited": "coalesce(d.is_audited, false)", "split": "e.split", "round": "i.round", "generator": "i.generator",
    "language": "i.language",
}  # fmt: skip

_LABELS_FROM = """
FROM export_label e
JOIN judge_agreedlabel a ON a.id = e.id
JOIN judge_case c ON c.id = e.case_id
JOIN judge_criterion k ON k.id = c.criterion_id
JOIN judge_item i ON i.id = c.item_id
JOIN judge_context x ON x.id = i.context_id
JOIN judge_scale_label s ON s.criterion_id = a.criterion_id AND s.key = a.label
LEFT JOIN LATERAL (SELECT d.judge_id, bool_or(d.is_audited) OVER () AS is_audited,
                          max(d.audit_probability) FILTER (WHERE d.is_audited) OVER () AS probability
                   FROM judge_decision d
                   WHERE d.case_id = e.case_id AND {seen_d} ORDER BY d.id DESC LIMIT 1) d ON true
LEFT JOIN judge_verdict v ON v.case_id = e.case_id AND v.judge_id = coalesce(d.judge_id, %(judge)s) AND {seen_v}
LEFT JOIN judge_judge g ON g.id = coalesce(d.judge_id, v.judge_id)
""".replace("{seen_d}", _SEEN.format(row="d", table="decision")).replace(
    "{seen_v}", _SEEN.format(row="v", table="verdict")
)


def labels(columns: str, condition: str = "") -> str:
    """The statement that reads ``columns`` of the chosen labels, in the order in which they were agreed."""
    return f"SELECT {columns} {_LABELS_FROM} {condition} ORDER BY e.id"


#: One row for each chosen label.
LABELS = labels(", ".join(f"{source} AS {name}" for name, source in LABELS_COLUMNS.items()))
