"""From answers to rows: one worker process against a bare aiohttp client that asks the same questions.

A fake server answers after 50 ms; 512 calls are in flight. The worker writes judgments, verdicts, decisions and costs
to a database whose commits are durable; the bare client throws the answers away. They take turns, each in a process of
its own; medians. ``COJUDGE_BENCH_ALL=1`` lets the memory figure run over all of its million cases.
"""

from __future__ import annotations

import os
from statistics import median
from typing import Any

from django.conf import settings

from judge.models import Case, Judgment, Project
from llm_judge.actions import endpoints, setups
from llm_judge.models import Endpoint
from tests.benchmarks import fake_server, speed_rows
from tests.benchmarks.figures import Figure
from tests.benchmarks.speed_sides import run_side

IN_FLIGHT, LATENCY_MS = 512, 50
ROUNDS, N_CASES = 3, 40_000
N_MILLION, N_SAMPLED = 1_000_000, 200_000

SHARE, CPU, PEAK, GROWTH = (
    "machines.speed_share_of_bare_client",
    "machines.speed_cpu_ms_per_case",
    "machines.speed_worker_peak_mb",
    "machines.speed_worker_growth_mb",
)
FIGURES = {SHARE: "≥ .5", CPU: "≤ 1", PEAK: "≤ 300", GROWTH: "≤ 15"}


def measure() -> list[Figure]:
    with fake_server.running("--latency-ms", str(LATENCY_MS)) as address:
        point_at(address)
        return [*speed(), *memory()]


def point_at(address: str) -> None:
    """Let this process and the sides that it starts find the server."""
    os.environ["JUDGE_URL"] = settings.JUDGE_URL = address
    endpoints.ensure(endpoints.SERVER)
    Endpoint.objects.filter(name=endpoints.SERVER).update(max_in_flight=IN_FLIGHT)


def speed() -> list[Figure]:
    project = make_project("Bench speed", N_CASES * (ROUNDS + 1))
    rounds = [both_sides(project) for _ in range(ROUNDS + 1)][1:]  # the first warms up disk and caches
    check_rows(project)
    shares = [ours["per_second"] / bare["per_second"] for bare, ours in rounds]
    extra = [1000 * (ours["cpu"] / ours["n"] - bare["cpu"] / bare["n"]) for bare, ours in rounds]
    bare_rate, our_rate = (median(side["per_second"] for side in sides) for sides in zip(*rounds, strict=True))
    share, cpu = median(shares), median(extra)
    rates = f"bare {bare_rate:,.0f} requests/s, worker {our_rate:,.0f} cases/s; medians of {ROUNDS} rounds"
    each = median(1000 * bare["cpu"] / bare["n"] for bare, _ in rounds)
    return [
        Figure(SHARE, round(share, 3), "share", FIGURES[SHARE], share >= 0.5, rates),
        Figure(CPU, round(cpu, 3), "ms", FIGURES[CPU], cpu <= 1.0, f"beside {each:.2f} ms of the bare client's own"),
    ]


def both_sides(project: Project) -> tuple[dict[str, Any], dict[str, Any]]:
    return run_side("bare", project, N_CASES), run_side("worker", project, N_CASES)


def check_rows(project: Project) -> None:
    """Speed counts only where every case has its vote, verdict, decision and completion."""
    expected = N_CASES * (ROUNDS + 1)
    votes = Judgment.objects.filter(case__project=project, label__isnull=False)
    whole = votes.filter(completion__isnull=False, case__verdicts__isnull=False, case__decisions__isnull=False)
    found, moved = whole.count(), Case.objects.filter(project=project).exclude(stage="imported").count()
    if not found == moved == expected:
        raise AssertionError(f"{found} cases with all rows, {moved} moved on (expected: {expected})")


def memory() -> list[Figure]:
    """A worker's memory on a run of a million cases, or on its first part, and how it grows from case to case."""
    n = N_MILLION if os.environ.get("COJUDGE_BENCH_ALL") else N_SAMPLED
    found = run_side("worker", make_project("Bench memory", N_MILLION), n, plan_all=True)
    samples: list[float] = found["memory_mb"]
    third = len(samples) // 3
    growth = median(samples[-third:]) - median(samples[third : 2 * third])
    seen = f"plan of {N_MILLION:,} cases, {found['n']:,} of them judged at {found['per_second']:,.0f}/s"
    return [
        Figure(PEAK, round(found["peak_mb"], 1), "MB", FIGURES[PEAK], found["peak_mb"] <= 300, seen),
        Figure(GROWTH, round(growth, 1), "MB", FIGURES[GROWTH], growth <= 15, f"last third − middle third; {seen}"),
    ]


def make_project(name: str, n_cases: int) -> Project:
    project = speed_rows.make_project(name, n_cases)
    setups.use_server(project)
    return project
