"""Every dashboard page in a small and a large project, while a run writes 1,000 judgments a second into the large one.

100,000 cases with 400,000 judgments stand for a million with four unless COJUDGE_BENCH_ALL=1; the small project has
10,000. Cases stand in Postgres as machines, people and audits would leave them. A process of its own puts the run's
judgments through the door, and now and then an event of a person, so that nothing rests; another does what beat has the
worker do: count what is due every five seconds. Pages are asked for in turn for two minutes, with the middleware, the
session and the queries of a real request. At a million: eight to ten minutes with the rows made.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import quantiles

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from judge import registry
from judge.actions import summaries
from judge.models import Project, Role
from judge.navigation import DASHBOARDS
from tests.benchmarks.dashboards_rows import add_waiting, fill
from tests.benchmarks.figures import Figure

FIGURES = {
    "dashboards.page_p95_ms": "≤ 200 ms", "dashboards.growth": "≤ 1.5", "dashboards.freshness_s": "≤ 60 s",
    "dashboards.weight_kb": "≤ 120 kB", "dashboards.slowest_count_s": "≤ 30 s",
}  # fmt: skip
SMALL, LARGE = 10_000, 1_000_000 if os.environ.get("COJUDGE_BENCH_ALL") == "1" else 100_000
#: What a run writes meanwhile: judgments a second, and cases kept for it.
PACE, FOR_THE_RUN = 1_000, 150_000
#: How long pages are asked for, at rest and beside the run.
QUIET_S, BESIDE_S = 15, 120
#: Queries of pages that are printed.
SLOWEST = 8

#: The run: batches of a quarter second through the door. Prints how many it wrote a second when its input ends.
RUN = """
import sys, threading, time
import django
django.setup()
from judge.actions import events, judgments
from judge.actions.judgments import NewJudgment
from judge.models import Case, Project
project = Project.objects.get(pk=int(sys.argv[1])); pace = int(sys.argv[2]); n = 0
rater = project.judge.seats.get().rater
labels = {each.pk: each.question.label_keys for each in project.criteria.all()}
ends = threading.Thread(target=sys.stdin.read, daemon=True); ends.start()
ids = Case.objects.filter(project=project, stage="imported").order_by("pk").values_list("pk", "criterion_id")
ids = iter(list(ids)); began = time.monotonic(); person = project.memberships.first().user; told = began
while ends.is_alive():
    if time.monotonic() > told + 5:
        told = time.monotonic(); events.note(project, "answered", by=person)
    batch = [pair for pair, _ in zip(ids, range(pace // 4))]
    judgments.record([NewJudgment(pk, labels[k][0], probs={labels[k][0]: .9, labels[k][1]: .1}) for pk, k in batch],
                     rater=rater) if batch else None
    n += len(batch)
    time.sleep(max(0, began + n / pace - time.monotonic()) if batch else .2)
print(n / (time.monotonic() - began))
"""
#: What beat asks of the worker.
COUNT = """
import sys, threading, time
import django
django.setup()
from judge.actions import summaries
ends = threading.Thread(target=sys.stdin.read, daemon=True); ends.start(); longest = 0
while ends.is_alive():
    began = time.monotonic(); summaries.refresh_due(); longest = max(longest, time.monotonic() - began)
    ends.join(5)
print(longest, time.process_time())
"""


def measure() -> list[Figure]:
    start = time.monotonic()
    small, large = fill("Bench small", SMALL), fill("Bench large", LARGE)
    add_waiting(large, FOR_THE_RUN)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(f"  rows made in {time.monotonic() - start:.0f} s", file=sys.stderr)
    counted = {name: time_count(large, name) for name in registry.summaries}
    again = {name: time_again(large, name) for name in registry.summaries}
    tell_counts(counted, again)
    summaries.refresh_due()
    quiet = look([small, large], QUIET_S)
    with beside(COUNT, str(large.pk)) as counter, beside(RUN, str(large.pk), str(PACE)) as run:
        time.sleep(10)
        seen = look([small, large], BESIDE_S)
    print(
        f"  longest round {float(counter[0]):.1f} s; counting took {float(counter[1]):.1f} s of Python", file=sys.stderr
    )
    tell(quiet, seen, [small, large])
    return figures(seen, [small, large], counted, float(run[0]))


class Seen:
    """What was measured of the pages: milliseconds and bytes by (project, page), and how old numbers were."""

    def __init__(self) -> None:
        self.ms: dict[tuple[int, str], list[float]] = defaultdict(list)
        self.weight: dict[str, int] = {}
        self.oldest = 0.0
        self.queries: list[tuple[float, str, str]] = []  # the large project's: seconds, page, SQL


def look(both: Sequence[Project], seconds: float) -> Seen:
    seen, clients = Seen(), {each.pk: client(each) for each in both}
    turn(Seen(), clients, both)  # warms what is kept in memory
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        turn(seen, clients, both)
        if time.monotonic() > ends - seconds / 2:  # by then what was counted before the run began is counted anew
            seen.oldest = max(seen.oldest, age(both[-1]))
    for name in pages():
        with CaptureQueriesContext(connection) as asked:
            ask(clients[both[-1].pk], both[-1], name)
        seen.queries += [(float(each["time"]), name, each["sql"]) for each in asked]
    return seen


def turn(seen: Seen, clients: Mapping[int, Client], both: Sequence[Project]) -> None:
    for name in pages():
        for project in both:
            start = time.perf_counter()
            weight = ask(clients[project.pk], project, name)
            seen.ms[project.pk, name].append(1000 * (time.perf_counter() - start))
            seen.weight[name] = max(seen.weight.get(name, 0), weight)


def ask(client: Client, project: Project, name: str) -> int:
    response = client.get(reverse(name, kwargs={"slug": project.slug}), **HTMX.get(name, {}))
    assert response.status_code in (200, 286), f"{name}: {response.status_code}"
    return len(response.content)


def pages() -> list[str]:
    """The dashboards of the bar that are installed, and the panels of the overview."""
    found = []
    for name in [name for name, _ in DASHBOARDS.pages] + list(registry.panels.values()):
        try:
            reverse(name, kwargs={"slug": "any"})
        except NoReverseMatch:
            continue
        found.append(name)
    return found


HTMX: dict[str, dict[str, dict[str, str]]] = {
    name: {"headers": {"HX-Request": "true"}} for name in registry.panels.values()
}  # fmt: skip


def age(project: Project) -> float:
    """How old the oldest of the project's numbers is, in seconds: something moves all the time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM max(clock_timestamp() - computed_at)) FROM judge_summary WHERE project_id = %s",
            [project.pk],
        )
        return float(cursor.fetchone()[0])


def figures(seen: Seen, both: Sequence[Project], counted: dict[str, float], pace: float) -> list[Figure]:
    p95 = {key: quantiles(ms, n=20)[-1] for key, ms in seen.ms.items()}
    slowest = max(pages(), key=lambda name: p95[both[1].pk, name])
    ratios = {name: middle(seen.ms[both[1].pk, name]) / middle(seen.ms[both[0].pk, name]) for name in pages()}
    steepest, heaviest = max(ratios, key=ratios.__getitem__), max(seen.weight, key=seen.weight.__getitem__)
    longest = max(counted, key=counted.__getitem__)
    beside_it = f"{LARGE:,} cases, {pace:,.0f} judgments/s written meanwhile"
    return [
        told("page_p95_ms", p95[both[1].pk, slowest], "ms", 200, f"{slowest}; {beside_it}"),
        told("growth", ratios[steepest], "×", 1.5, f"{steepest}: median at {LARGE:,} to {SMALL:,}"),
        told("freshness_s", seen.oldest, "s", 60, beside_it),
        told("weight_kb", seen.weight[heaviest] / 1000, "kB", 120, heaviest),
        told("slowest_count_s", counted[longest], "s", 30, longest),
    ]


def told(name: str, value: float, unit: str, most: float, baseline: str) -> Figure:
    full = f"dashboards.{name}"
    return Figure(full, round(value, 2), unit, FIGURES[full], value <= most, baseline)


def tell(quiet: Seen, seen: Seen, both: Sequence[Project]) -> None:
    for name in pages():
        rest, small, large = (
            quantiles(told.ms[project.pk, name], n=20)[-1]
            for told, project in ((quiet, both[1]), (seen, both[0]), (seen, both[1]))
        )
        weight = seen.weight[name] / 1000
        print(f"  {name}: p95 at rest {rest:.0f} ms; beside the run {small:.0f} → {large:.0f} ms; {weight:.1f} kB",
              file=sys.stderr)  # fmt: skip
    for seconds, name, sql in sorted(seen.queries, reverse=True)[:SLOWEST]:
        print(f"  {1000 * seconds:.0f} ms in {name}: {sql[:100]}", file=sys.stderr)


def tell_counts(counted: Mapping[str, float], again: Mapping[str, float]) -> None:
    for name, seconds in counted.items():
        print(f"  counted {name}: {seconds:.2f} s, again {again[name]:.2f} s", file=sys.stderr)
    print(f"  a whole round: {sum(counted.values()):.1f} s, again {sum(again.values()):.1f} s", file=sys.stderr)


def middle(ms: Sequence[float]) -> float:
    return sorted(ms)[len(ms) // 2]


def time_count(project: Project, name: str) -> float:
    start = time.monotonic()
    summaries.refresh(project, name)
    return time.monotonic() - start


def time_again(project: Project, name: str) -> float:
    """Without anything new: what a round takes that reads on."""
    start = time.monotonic()
    registry.summaries[name].measure(project)
    return time.monotonic() - start


def client(project: Project) -> Client:
    found = Client(SERVER_NAME="localhost")
    found.force_login(project.memberships.get(role=Role.LEAD).user)
    return found


@contextmanager
def beside(code: str, *arguments: str) -> Iterator[list[str]]:
    """Runs ``code`` in a process beside ours until the block ends; then the list holds what it printed."""
    said: list[str] = []
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], stdin=pipe, stdout=pipe, text=True)
    try:
        yield said
    finally:
        out, _ = process.communicate(timeout=300)
        said += out.split()
