"""The statements of the queue. Every one that opens or closes a lease locks first the item, then its cases in id order.

A case's ``seats_taken`` counts its open leases and in-time votes; Postgres refuses more than ``people_wanted``
(``case_seats_within_people_wanted``).
"""

from __future__ import annotations

#: Close leases that ran out and give their seats back. An item that somebody holds right now is left to the next sweep
#: (SKIP LOCKED), so a sweep waits for nobody but the machines' short case locks. A lease extended since our snapshot
#: is read again by the UPDATE and stays.
SWEEP = """
WITH due AS (
    SELECT l.id
    FROM annotation_lease l JOIN judge_item i ON i.id = l.item_id
    WHERE l.closed_at IS NULL AND l.expires_at <= now() AND (%(project)s::bigint IS NULL OR l.project_id = %(project)s)
    ORDER BY i.id
    LIMIT 500
    FOR NO KEY UPDATE OF i SKIP LOCKED
), closed AS (
    UPDATE annotation_lease l SET closed_at = now(), outcome = 'expired'
    FROM due WHERE l.id = due.id AND l.closed_at IS NULL AND l.expires_at <= now()
    RETURNING l.id, l.case_ids
), seats AS (
    SELECT case_id, count(*) AS n FROM closed, unnest(closed.case_ids) AS case_id GROUP BY case_id
), held AS (
    SELECT c.id FROM judge_case c WHERE c.id IN (SELECT case_id FROM seats) ORDER BY c.id FOR NO KEY UPDATE
), given_back AS (
    UPDATE judge_case c SET seats_taken = c.seats_taken - seats.n
    FROM held JOIN seats ON seats.case_id = held.id WHERE c.id = held.id
)
SELECT count(*) FROM closed
"""

#: The heartbeat of a person at work. Takes no item's lock: it moves no seat.
EXTEND = """
UPDATE annotation_lease SET expires_at = now() + make_interval(mins => %(minutes)s)
WHERE id = %(lease)s AND person_id = %(person)s AND closed_at IS NULL
RETURNING expires_at
"""

#: Close one's own open lease without answers and give its seats back.
RELEASE = """
WITH item AS (
    SELECT i.id FROM judge_item i JOIN annotation_lease l ON l.item_id = i.id
    WHERE l.id = %(lease)s AND l.person_id = %(person)s
    FOR NO KEY UPDATE OF i
), closed AS (
    UPDATE annotation_lease SET closed_at = now(), outcome = 'released'
    WHERE id = %(lease)s AND item_id = (SELECT id FROM item) AND closed_at IS NULL
    RETURNING case_ids
), held AS (
    SELECT c.id FROM judge_case c WHERE c.id IN (SELECT unnest(case_ids) FROM closed) ORDER BY c.id FOR NO KEY UPDATE
), given_back AS (
    UPDATE judge_case c SET seats_taken = c.seats_taken - 1 FROM held WHERE c.id = held.id
)
SELECT count(*) FROM closed
"""

#: Open a submission and close its lease. Who got there first: the item's lock lets one submit of an item through at a
#: time; the key lets each submission in once (a second one finds the row and does nothing); of submit and sweep the
#: one that closes the lease first has the seats: ``is_in_time`` is false when the sweep was first.
OPEN_SUBMISSION = """
WITH claimed AS (
    SELECT l.id, l.case_ids || l.known_ids AS case_ids, l.kind, i.id AS item_id
    FROM judge_item i JOIN annotation_lease l ON l.item_id = i.id
    WHERE l.id = %(lease)s AND l.person_id = %(person)s AND l.project_id = %(project)s
    FOR NO KEY UPDATE OF i
), opened AS (
    INSERT INTO annotation_submission (key, project_id, item_id, person_id, lease_id, was_late, duration_ms)
    SELECT %(key)s, %(project)s, item_id, %(person)s, id, false, %(duration_ms)s FROM claimed
    ON CONFLICT (key) DO NOTHING
    RETURNING lease_id
), closed AS (
    UPDATE annotation_lease l SET closed_at = now(), outcome = 'submitted'
    FROM opened WHERE l.id = opened.lease_id AND l.closed_at IS NULL
    RETURNING l.id
), cleared AS (
    DELETE FROM annotation_draft d USING opened WHERE d.lease_id = opened.lease_id
), done AS (
    UPDATE annotation_assignment a SET closed_at = now()
    FROM claimed WHERE a.person_id = %(person)s AND a.item_id = claimed.item_id AND a.closed_at IS NULL
)
SELECT claimed.case_ids, claimed.kind, EXISTS (SELECT FROM opened), EXISTS (SELECT FROM closed), r.id, r.name,
       (SELECT s.data #>> ARRAY['usual_ms', %(person)s::text] FROM judge_summary s
        WHERE s.project_id = %(project)s AND s.name = 'quality')
FROM claimed LEFT JOIN judge_rater r ON r.user_id = %(person)s
"""

#: Open the submission of a correction: the same lock and the same key, no lease.
OPEN_CORRECTION = """
WITH item AS (
    SELECT id FROM judge_item WHERE id = %(item)s FOR NO KEY UPDATE
), opened AS (
    INSERT INTO annotation_submission (key, project_id, item_id, person_id, was_late)
    SELECT %(key)s, %(project)s, id, %(person)s, false FROM item
    ON CONFLICT (key) DO NOTHING
    RETURNING key
)
SELECT EXISTS (SELECT FROM opened)
"""

#: Assigned items of which nothing waits for people any more.
CLOSE_ASSIGNMENTS = """
WITH closed AS (
    UPDATE annotation_assignment a SET closed_at = now()
    WHERE a.closed_at IS NULL
      AND NOT EXISTS (SELECT FROM judge_case c WHERE c.item_id = a.item_id AND c.stage = 'people' OFFSET 0)
    RETURNING 1
)
SELECT count(*) FROM closed
"""
