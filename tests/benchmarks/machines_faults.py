"""A server that fails a fifth of all calls: is every case judged exactly once all the same, and what does it cost?

The fake server of machines_speed, once whole and once with faults drawn anew for each call: connections that are reset,
429, 500, half a body, and calls that are answered with nothing for 60 s, after which the connection ends. The worker is
a sitting with the endpoint's usual patience, rows written to a database with durable commits. Whole and faulty runs
take turns.

What the stalls themselves take is allowed for: the stalled seconds ÷ the calls in flight, for so long all of them are
held up; and those of the question that stalled most often, for no run can end before it.
"""

from __future__ import annotations

import itertools
import json
import urllib.request
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.db import connection

from judge.models import Project
from tests.benchmarks import fake_server, machines_speed
from tests.benchmarks.figures import Figure
from tests.benchmarks.speed_sides import IN_FLIGHT, run_side

SHARE, STALL_S = 0.2, 60
ROUNDS, N_CASES, N_STALLED = 3, 20_000, 10_000
QUICK_FAULTS = "reset,429,500,half"

ONCE, TIME, STALLS = (
    "machines.faults_cases_settled_once",
    "machines.faults_time_to_fault_free",
    "machines.faults_time_with_stalls_to_allowed",
)
FIGURES = {ONCE: "= 1", TIME: "≤ 1.5", STALLS: "≤ 1"}

_numbers = itertools.count(1)  # no two projects have one name

#: Of the cases of a project: those with one vote, which holds a label or a reason, one completion with it, one verdict
#: and a decision; those with a label; and the reasons of the others.
COUNT = """
WITH votes AS (
    SELECT j.case_id, count(*) AS n, count(m.id) AS n_completions, max(j.unscored_reason) AS reason
    FROM judge_judgment j LEFT JOIN llm_judge_completion m ON m.judgment_id = j.id
    WHERE j.purpose = 'vote' GROUP BY 1)
SELECT coalesce(v.reason, 'no vote'), count(*), count(*) FILTER (
    WHERE v.n = 1 AND v.n_completions = 1
    AND (SELECT count(*) FROM judge_verdict d WHERE d.case_id = c.id) = 1
    AND EXISTS (SELECT FROM judge_decision d WHERE d.case_id = c.id))
FROM judge_case c LEFT JOIN votes v ON v.case_id = c.id WHERE c.project_id = %(project)s GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True)
class Found:
    """One run against a faulty server: its seconds, those that stalls must take, what the server did, and the cases by
    reason (empty: they have a label)."""

    seconds: float
    stalls: float
    faults: dict[str, int]
    reasons: dict[str, int]
    n_once: int

    @property
    def n_cases(self) -> int:
        return sum(self.reasons.values())


def measure() -> list[Figure]:
    pairs = [(whole(N_CASES), faulty(N_CASES, QUICK_FAULTS)) for _ in range(ROUNDS + 1)][1:]  # the first warms up
    before = whole(N_STALLED)
    stalled = faulty(N_STALLED, f"{QUICK_FAULTS},stall")
    free = (before + whole(N_STALLED)) / 2
    return [once([*(each for _, each in pairs), stalled]), quick_time(pairs), stalled_time(free, stalled)]


def whole(n: int) -> float:
    """Seconds that so many cases take while nothing fails."""
    with fake_server.running("--latency-ms", str(machines_speed.LATENCY_MS)) as address:
        machines_speed.point_at(address)
        found: float = run_side("worker", machines_speed.make_project(f"Bench whole {next(_numbers)}", n), n)["seconds"]
    return found


def faulty(n: int, faults: str) -> Found:
    words = ["--latency-ms", str(machines_speed.LATENCY_MS), "--fail-share", str(SHARE), "--faults", faults]
    with fake_server.running(*words, "--stall-s", str(STALL_S)) as address:
        machines_speed.point_at(address)
        project = machines_speed.make_project(f"Bench faulty {next(_numbers)}", n)
        seconds = run_side("worker", project, n)["seconds"]
        with urllib.request.urlopen(f"{address}/stats", timeout=10) as answer:
            stats = json.loads(answer.read())
    return examine(project, seconds, stats)


def examine(project: Project, seconds: float, stats: dict[str, Any]) -> Found:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"project": project.pk})
        rows = cursor.fetchall()
    seen = stats["seen"]
    stalls = STALL_S * (seen.get("stall", 0) / IN_FLIGHT + stats["most_stalls_of_a_question"])
    reasons = {reason: n for reason, n, _ in rows}
    return Found(
        seconds, stalls, {k: n for k, n in seen.items() if k != "answered"}, reasons, sum(row[2] for row in rows)
    )


def once(runs: list[Found]) -> Figure:
    n, n_once = sum(each.n_cases for each in runs), sum(each.n_once for each in runs)
    failed: dict[str, int] = {}
    unscored: dict[str, int] = {}
    for run in runs:
        for total, part in ((failed, run.faults), (unscored, run.reasons)):
            for key, count in part.items():
                total[key] = total.get(key, 0) + count
    unscored.pop("", None)
    said = f"{n:,} cases; failed calls: {list_counts(failed)}; unscored: {list_counts(unscored) or 'none'}"
    return Figure(ONCE, n_once / n, "share", FIGURES[ONCE], n_once == n, said)


def quick_time(pairs: list[tuple[float, Found]]) -> Figure:
    ratio = median(run.seconds / free for free, run in pairs)
    said = f"{median(free for free, _ in pairs):.1f} s without faults, {median(run.seconds for _, run in pairs):.1f} s "
    said += f"with {SHARE:.0%} of {QUICK_FAULTS}; medians of {ROUNDS} rounds of {N_CASES:,} cases"
    return Figure(TIME, round(ratio, 2), "×", FIGURES[TIME], ratio <= 1.5, said)


def stalled_time(free: float, run: Found) -> Figure:
    allowed = 1.5 * free + run.stalls
    said = (
        f"{run.seconds:.0f} s; allowed are 1.5 × {free:.1f} s and {run.stalls:.0f} s of {run.faults['stall']:,} stalls"
    )
    return Figure(STALLS, round(run.seconds / allowed, 2), "×", FIGURES[STALLS], run.seconds <= allowed, said)


def list_counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{key} {n:,}" for key, n in sorted(counts.items()))
