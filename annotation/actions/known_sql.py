"""Items that a person is asked without a seat: to measure them, or to teach them (annotation.actions.known).

Each statement opens a lease or nothing. It takes no lock and moves no seat: of two tabs that look at once one opens
a lease, the other finds it (``lease_one_live_per_person_and_project``). The claim then resumes it like any other.
"""

from __future__ import annotations

from annotation.actions.claim_sql import FREE

#: Text that may be shown, in a language that the person reads.
READABLE = """
    i.erased_at IS NULL AND x.erased_at IS NULL
    AND (%(languages)s::text[] IS NULL OR i.language = ''
         OR split_part(translate(lower(i.language), '_', '-'), '-', 1) = ANY (%(languages)s::text[]))
"""

#: A case that measures no judge, in a context that holds nothing that does: whoever learns its label learns nothing
#: that a certify, gold or audited case is meant to find out.
APART = """
    i.stream IN ('train', 'open') AND NOT c.is_reference
    AND NOT EXISTS (SELECT FROM judge_item o WHERE o.context_id = i.context_id
                    AND (o.stream IN ('certify', 'gold')
                         OR EXISTS (SELECT FROM judge_case oc WHERE oc.item_id = o.id AND oc.is_reference)))
"""
RATER = "SELECT id FROM judge_rater WHERE user_id = %(person)s"

#: An adjudicator decided it, who is not this person; and they never answered it nor sent it back.
KNOWN = """
    c.stage = 'agreed' AND c.criterion_id = ANY (%(criteria)s::bigint[]) AND l.by_id IS DISTINCT FROM %(person)s
    AND NOT EXISTS (SELECT FROM judge_judgment j WHERE j.case_id = c.id AND j.rater_id = (<rater>))
    AND NOT EXISTS (SELECT FROM judge_decision d WHERE d.case_id = c.id AND d.reason = 'requested'
                    AND d.by_id = %(person)s OFFSET 0)
    AND <apart>
"""

#: Not between two others of its kind, and only while work is waiting: then neither its place nor its time tells it
#: from work. Training comes before any work.
UNNOTICED = """
    EXISTS (SELECT FROM judge_case c WHERE c.project_id = %(project)s AND c.stage = 'people'
            AND c.seats_taken < c.people_wanted)
    AND 'work' = (SELECT coalesce(l.kind, 'work')
                  FROM annotation_submission s LEFT JOIN annotation_lease l ON l.id = s.lease_id
                  WHERE s.person_id = %(person)s AND s.project_id = %(project)s AND s.corrects_id IS NULL
                  ORDER BY s.created_at DESC LIMIT 1)
"""

OPEN = """
, opened AS (
    INSERT INTO annotation_lease (project_id, item_id, person_id, case_ids, known_ids, kind, judge_id, expires_at,
                                  outcome)
    SELECT %(project)s, item_id, %(person)s, '{}', case_ids, %(kind)s::text, %(judge)s,
           now() + make_interval(mins => %(minutes)s), ''
    FROM picked
    WHERE NOT EXISTS (SELECT FROM annotation_lease l WHERE l.person_id = %(person)s AND l.project_id = %(project)s
                      AND l.closed_at IS NULL)
      AND (%(kind)s::text = 'training' OR <unnoticed>)
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT count(*) FROM opened
"""

#: One item with a known label, from a random place among them: at most forty labels of each criterion are looked
#: at, however many there are.
_GOLD = """
WITH near AS (
    SELECT label.case_id
    FROM unnest(%(criteria)s::bigint[]) AS k (criterion), LATERAL (
        SELECT (min(id) + floor(%(place)s * (max(id) - min(id))))::bigint AS start FROM judge_agreedlabel
        WHERE criterion_id = k.criterion AND status = 'live' AND basis = 'adjudicated'
    ) span, LATERAL (
        (SELECT case_id FROM judge_agreedlabel
         WHERE criterion_id = k.criterion AND status = 'live' AND basis = 'adjudicated' AND id >= span.start
         ORDER BY id LIMIT 20)
        UNION ALL
        (SELECT case_id FROM judge_agreedlabel
         WHERE criterion_id = k.criterion AND status = 'live' AND basis = 'adjudicated' AND id < span.start
         ORDER BY id LIMIT 20)
    ) label
), item AS (
    SELECT i.id
    FROM near JOIN judge_case c ON c.id = near.case_id
    JOIN judge_agreedlabel l ON l.case_id = c.id AND l.status = 'live'
    JOIN judge_item i ON i.id = c.item_id JOIN judge_context x ON x.id = i.context_id
    WHERE <readable> AND <known>
    ORDER BY random() LIMIT 1
), picked AS (
    SELECT c.item_id, array_agg(c.id ORDER BY c.id) AS case_ids
    FROM item JOIN judge_case c ON c.item_id = item.id
    JOIN judge_agreedlabel l ON l.case_id = c.id AND l.status = 'live' AND l.basis = 'adjudicated'
    JOIN judge_item i ON i.id = c.item_id
    WHERE <known>
    GROUP BY c.item_id
)
"""

#: One item that the person answered before ``until``, from a random moment on backwards, and that was not repeated.
_REPEAT = """
WITH span AS (
    SELECT min(created_at) + %(place)s * (%(until)s - min(created_at)) AS start FROM annotation_submission
    WHERE person_id = %(person)s AND project_id = %(project)s AND created_at <= %(until)s
), near AS (
    SELECT s.item_id
    FROM annotation_submission s LEFT JOIN annotation_lease l ON l.id = s.lease_id
    WHERE s.person_id = %(person)s AND s.project_id = %(project)s AND s.created_at <= (SELECT start FROM span)
      AND coalesce(l.kind, 'work') = 'work' AND s.corrects_id IS NULL
    ORDER BY s.created_at DESC LIMIT 50
), answered AS (
    SELECT c.item_id, c.id
    FROM (SELECT DISTINCT item_id FROM near) near JOIN judge_case c ON c.item_id = near.item_id
    JOIN judge_judgment j ON j.case_id = c.id AND j.rater_id = (<rater>) AND j.purpose = 'vote'
         AND j.retracted_at IS NULL AND j.label IS NOT NULL
    JOIN judge_item i ON i.id = c.item_id JOIN judge_context x ON x.id = i.context_id
    WHERE <readable> AND i.stream IN ('train', 'open') AND NOT c.is_reference
      AND c.criterion_id = ANY (%(criteria)s::bigint[])
      AND NOT EXISTS (SELECT FROM judge_judgment r WHERE r.case_id = c.id AND r.rater_id = (<rater>)
                      AND r.purpose = 'repeat')
), picked AS (
    SELECT item_id, array_agg(id ORDER BY id) AS case_ids FROM answered
    WHERE item_id = (SELECT item_id FROM answered ORDER BY random() LIMIT 1) GROUP BY item_id
)
"""

#: The next train item that the person might be given, where the judge in force has a view of it. Train cases wait in
#: the tier of what measures or teaches, which stays small.
_SHOWN_FIRST = """
WITH free AS (
    SELECT c.item_id, c.id, c.queue_order
    FROM judge_case c JOIN judge_item i ON i.id = c.item_id JOIN judge_context x ON x.id = i.context_id
    JOIN judge_verdict v ON v.case_id = c.id AND v.judge_id = %(judge)s AND v.label IS NOT NULL AND v.doubt = ''
    WHERE c.priority = %(tier)s AND <free> AND c.criterion_id = ANY (%(criteria)s::bigint[])
      AND i.stream = 'train' AND NOT c.is_reference AND <readable>
), picked AS (
    SELECT item_id, array_agg(id ORDER BY id) AS case_ids FROM free
    WHERE item_id = (SELECT item_id FROM free ORDER BY queue_order LIMIT 1) GROUP BY item_id
)
"""


def _written_out(statement: str) -> str:
    """The statement with its parts in place: fixed text, never a value."""
    parts = {"known": KNOWN, "apart": APART, "readable": READABLE, "free": FREE, "unnoticed": UNNOTICED, "rater": RATER}
    statement += OPEN
    for name, part in parts.items():
        statement = statement.replace(f"<{name}>", part)
    return statement


GOLD, REPEAT, SHOWN_FIRST = map(_written_out, (_GOLD, _REPEAT, _SHOWN_FIRST))
