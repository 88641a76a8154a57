"""What people's side offers to be read by Prometheus: items on desks, and those whose time ran out."""

from __future__ import annotations

from collections.abc import Iterator

from judge.actions import bulk
from judge.registry import Reading

#: Read from the index of live leases alone (lease_live_by_expiry).
LEASES = """
SELECT p.slug, count(*), count(*) FILTER (WHERE l.expires_at <= now())
FROM annotation_lease l JOIN judge_project p ON p.id = l.project_id
WHERE l.closed_at IS NULL GROUP BY 1 ORDER BY 1
"""


def read() -> Iterator[Reading]:
    for slug, n, n_over in bulk.execute(LEASES):
        of = {"project": slug}
        yield Reading("leases", "Items on people's desks", n, of)
        yield Reading("leases_over", "Of them, those whose time ran out and that wait to be swept", n_over, of)
