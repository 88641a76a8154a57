"""What an export sees of tables that keep growing, in numbers that last: so that it can be made again later.

Rows take their number before they are committed. So beside the newest number that the export sees stand the numbers
below it that it does not see: of transactions under way, which may still come to light, or of some that never will.
"""

from __future__ import annotations

import json
from typing import Any

from judge.actions import bulk
from judge.models import Project

TABLES = ("judgment", "decision", "verdict")
#: So far below the newest number one under way may lie; gaps further down stay gaps.
REACH = 200_000

NEWEST = """
SELECT coalesce(max(id), 0),
       coalesce(range_agg(int8range(id + 1, next)) FILTER (WHERE next > id + 1), '{}')::text
FROM (SELECT id, lead(id) OVER (ORDER BY id) AS next FROM judge_{table}
      WHERE id > (SELECT coalesce(max(id), 0) FROM judge_{table}) - %(reach)s) numbered
"""

RUBRIC_VERSIONS = """
SELECT l.criterion_id, max(b.version) FROM judge_rubriccriterion l JOIN judge_rubric b ON b.id = l.rubric_id
WHERE b.project_id = %(project)s GROUP BY l.criterion_id ORDER BY l.criterion_id
"""


def look(project: Project) -> dict[str, Any]:
    """What the running transaction sees; JSON-able, and parameters for judge.actions.export_sql."""
    found: dict[str, Any] = {}
    for table in TABLES:
        newest, missing = bulk.execute(NEWEST.replace("{table}", table), reach=REACH)[0]
        found |= {f"newest_{table}": newest, f"missing_{table}": missing}
    versions = {str(criterion): version for criterion, version in bulk.execute(RUBRIC_VERSIONS, project=project.pk)}
    return found | {"rubric_versions": json.dumps(versions)}
