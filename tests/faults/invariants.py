"""What must hold whatever happened: each invariant is a count of rows that break it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command, get_commands
from django.db import connection

from judge.models import AgreedLabel, Project
from judge.rules.settling import FLAGGED
from llm_judge.models import Run

#: Judgments of people and machines that stand, by what may not be.
QUERIES = {
    "an answer stored twice": """
        SELECT count(*) FROM (
            SELECT j.case_id FROM judge_judgment j JOIN judge_case c ON c.id = j.case_id
            WHERE c.project_id = %(project)s AND j.retracted_at IS NULL
            GROUP BY j.case_id, j.rater_id HAVING count(*) > 1) twice
    """,
    "a lease submitted twice": """
        SELECT count(*) FROM (SELECT lease_id FROM annotation_submission
            WHERE project_id = %(project)s AND lease_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1) twice
    """,
    "a submit stored by halves": """
        SELECT count(*) FROM annotation_submission s JOIN annotation_lease l ON l.id = s.lease_id
        WHERE s.project_id = %(project)s
          AND cardinality(l.case_ids) <> (SELECT count(*) FROM judge_judgment j WHERE j.submission = s.key)
    """,
    "a case without the machine's vote": """
        SELECT count(*) FROM judge_case c WHERE c.project_id = %(project)s AND NOT EXISTS (
            SELECT FROM judge_judgment j JOIN judge_rater r ON r.id = j.rater_id
            WHERE j.case_id = c.id AND r.kind = 'machine' AND j.purpose = 'vote')
    """,
    "a judged case without verdict or decision": """
        SELECT count(*) FROM judge_case c
        WHERE c.project_id = %(project)s AND EXISTS (SELECT FROM judge_judgment j WHERE j.case_id = c.id)
          AND (c.stage = 'imported' OR NOT EXISTS (SELECT FROM judge_decision d WHERE d.case_id = c.id)
               OR NOT EXISTS (SELECT FROM judge_verdict v WHERE v.case_id = c.id))
    """,
    "a machine's vote without its completion": """
        SELECT count(*) FROM judge_judgment j
        JOIN judge_rater r ON r.id = j.rater_id JOIN judge_case c ON c.id = j.case_id
        WHERE c.project_id = %(project)s AND r.kind = 'machine' AND j.purpose = 'vote'
          AND NOT EXISTS (SELECT FROM llm_judge_completion m WHERE m.judgment_id = j.id)
    """,
    "a seat that nobody holds": """
        SELECT count(*) FROM judge_case c
        WHERE c.project_id = %(project)s AND c.stage = 'people' AND c.seats_taken <>
            (SELECT count(*) FROM annotation_lease l WHERE l.item_id = c.item_id AND l.closed_at IS NULL
                AND c.id = ANY(l.case_ids) AND l.kind = 'work')
          + (SELECT count(*) FROM judge_judgment j JOIN judge_rater r ON r.id = j.rater_id
             WHERE j.case_id = c.id AND r.kind = 'person' AND j.purpose = 'vote' AND j.label IS NOT NULL
               AND j.retracted_at IS NULL)
    """,
    "a case that waits with no seat left to take": """
        SELECT count(*) FROM judge_case c
        WHERE c.project_id = %(project)s AND c.stage = 'people' AND c.seats_taken >= c.people_wanted
          AND NOT EXISTS (SELECT FROM annotation_lease l WHERE l.item_id = c.item_id AND l.closed_at IS NULL)
    """,
    "a lease that ran out and was not swept": """
        SELECT count(*) FROM annotation_lease
        WHERE project_id = %(project)s AND closed_at IS NULL AND expires_at < now()
    """,
    "a settled case without a label": """
        SELECT count(*) FROM judge_case c WHERE c.project_id = %(project)s AND c.stage IN ('agreed', 'accepted')
          AND NOT EXISTS (SELECT FROM judge_agreedlabel a WHERE a.case_id = c.id AND a.status <> 'withdrawn')
    """,
    "a live label on a case that waits for its first": """
        SELECT count(*) FROM judge_agreedlabel a JOIN judge_case c ON c.id = a.case_id
        WHERE c.project_id = %(project)s AND a.status = 'live' AND c.stage IN ('imported', 'adjudication')
    """,
    "people's label without their votes": """
        SELECT count(*) FROM judge_agreedlabel a JOIN judge_case c ON c.id = a.case_id
        WHERE c.project_id = %(project)s AND a.basis IN ('single', 'consensus') AND a.n_people >
            (SELECT count(DISTINCT j.rater_id) FROM judge_judgment j JOIN judge_rater r ON r.id = j.rater_id
             WHERE j.case_id = c.id AND r.kind = 'person' AND j.label IS NOT NULL AND j.retracted_at IS NULL)
    """,
    "a judge's label without decision or verdict": """
        SELECT count(*) FROM judge_agreedlabel a JOIN judge_case c ON c.id = a.case_id
        WHERE c.project_id = %(project)s AND a.basis = 'judge' AND NOT EXISTS (
            SELECT FROM judge_decision d JOIN judge_verdict v ON v.case_id = d.case_id AND v.judge_id = d.judge_id
            WHERE d.case_id = c.id AND d.route = 'accept' AND d.certificate_id IS NOT NULL AND v.label = a.label)
    """,
}  # fmt: skip


@dataclass(frozen=True)
class Checked:
    """An invariant, how many rows break it, and what was looked at."""

    name: str
    n_broken: int
    detail: str = ""


def check(project: Project, run: Run, journal: Path, folder: Path) -> list[Checked]:
    """All of them, on the database as it is."""
    promised = [json.loads(line) for line in journal.read_text().splitlines()]
    acknowledged = [row for row in promised if row["is"] == "acknowledged"]
    return [
        *check_acknowledged(acknowledged),
        *(Checked(name, count(query, project)) for name, query in QUERIES.items()),
        check_run(project, run),
        check_export(project, folder),
        check_log(),
    ]


def check_acknowledged(rows: list[dict[str, Any]]) -> list[Checked]:
    """Every acknowledged answer is there, once, as it was given."""
    stored = read_answers(row["key"] for row in rows)
    lost = [row for row in rows if stored.get(row["key"], {}) != wanted(row)]
    keys = [row["key"] for row in rows]
    said = f"{len(rows):,} acknowledged submits; first: {lost[:1]}" if lost else f"{len(rows):,} acknowledged submits"
    return [
        Checked("an acknowledged answer lost or altered", len(lost), said),
        Checked("a key acknowledged for two items", len(keys) - len(set(keys))),
    ]


def wanted(row: dict[str, Any]) -> dict[int, list[tuple[str | None, str]]]:
    """The judgments that a submit must have left, by case."""
    return {
        int(case): [(None, FLAGGED) if answer == "flag" else (answer.removeprefix("label:"), "")]
        for case, answer in row["answers"].items()
    }


def read_answers(keys: Iterable[str]) -> dict[str, dict[int, list[tuple[str | None, str]]]]:
    found: dict[str, dict[int, list[tuple[str | None, str]]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT j.submission::text, j.case_id, j.label, j.unscored_reason
            FROM judge_judgment j JOIN annotation_submission s ON s.key = j.submission
            WHERE j.submission = ANY(%s::uuid[])
            """,
            [list(keys)],
        )
        for key, case, label, reason in cursor.fetchall():
            found.setdefault(key, {}).setdefault(case, []).append((label, reason))
    return found


def count(query: str, project: Project) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, {"project": project.pk})
        return int(cursor.fetchone()[0])


def check_run(project: Project, run: Run) -> Checked:
    """The run's own numbers are those of its rows."""
    run.refresh_from_db()
    votes = count(
        """SELECT count(*) FROM judge_judgment j JOIN judge_rater r ON r.id = j.rater_id
        JOIN judge_case c ON c.id = j.case_id
        WHERE c.project_id = %(project)s AND r.kind = 'machine' AND j.purpose = 'vote'""",
        project,
    )
    is_well = run.status == Run.Status.DONE and run.n_done == run.n_planned == votes
    return Checked(
        "a run whose numbers are not its rows", int(not is_well), f"{run.status}: {run.n_done} = {votes} votes"
    )


def check_export(project: Project, folder: Path) -> Checked:
    """The export holds every live label once."""
    target = Path(tempfile.mkdtemp(dir=folder)) / "export"
    call_command("export_labels", project.slug, "--even-so", "--output", str(target), stdout=StringIO())
    rows = map(json.loads, (target / "labels.jsonl").read_text().splitlines())
    cases = [(row["item_id"], row["criterion"]) for row in rows]
    live = AgreedLabel.objects.filter(case__project=project, status="live").count()
    broken = abs(len(cases) - live) + len(cases) - len(set(cases))
    return Checked("an export whose rows are not the live labels", broken, f"{len(cases):,} rows, {live:,} labels")


def check_log() -> Checked:
    """The chain of events is whole, where the product has one."""
    if "verify_log" not in get_commands():
        return Checked("a break in the chain of events", 0, "not looked at: there is no verify_log yet")
    try:
        call_command("verify_log", verbosity=0)
    except (Exception, SystemExit) as error:
        return Checked("a break in the chain of events", 1, str(error))
    return Checked("a break in the chain of events", 0, "verify_log")
