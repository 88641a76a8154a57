"""What Prometheus reads: a few numbers from summaries, indexes and Postgres's own counters; no table is walked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from judge import registry
from judge.actions import bulk, queues, whereabouts
from judge.models import Summary
from judge.registry import Reading

#: Messages are looked for in these queues.
QUEUES = ("judge", "interactive", "export")
#: Rows that tell how much work is done, by what the rate of their growth means.
GROWING = {
    "judge_judgment": "judgments", "judge_verdict": "verdicts", "judge_decision": "decisions",
    "judge_agreedlabel": "agreed labels", "annotation_submission": "submits",
}  # fmt: skip
CELLS = """
SELECT p.slug, c.state, count(*) FROM judge_certificate c JOIN judge_project p ON p.id = c.project_id GROUP BY 1, 2
"""
ALARMS = """
SELECT p.slug, count(*) FROM judge_alarm a JOIN judge_project p ON p.id = a.project_id
WHERE a.resolved_at IS NULL GROUP BY 1
"""
ROWS = "SELECT relname, n_tup_ins FROM pg_stat_user_tables WHERE relname = ANY(%(tables)s)"
EXPORTS = "SELECT state, count(*) FROM judge_exportjob WHERE state IN ('asked', 'running') GROUP BY 1"
STATES = ("certified", "suspended", "stale", "uncertified")


def text() -> bytes:
    """The page in Prometheus's text format."""
    found = CollectorRegistry(auto_describe=False)
    found.register(_Now())
    return generate_latest(found)


def readings() -> Iterator[Reading]:
    """The court's own, then what the siblings offer."""
    for part in (_from_summaries, _certificates, _alarms, _growth, _exports, _messages):
        yield from part()
    for offered in registry.gauges.values():
        yield from offered()


class _Now(Collector):
    """Reads everything anew when it is asked; families are told in the order of their names."""

    def collect(self) -> Iterator[Metric]:
        families: dict[str, list[Reading]] = {}
        for reading in readings():
            families.setdefault(reading.name, []).append(reading)
        for name in sorted(families):
            yield _family(families[name])


def _family(found: list[Reading]) -> Metric:
    first = found[0]
    kind: Callable[..., Any] = CounterMetricFamily if first.is_counter else GaugeMetricFamily
    family = kind(f"cojudge_{first.name}", first.help, labels=list(first.labels))
    for each in found:
        family.add_metric([str(value) for value in each.labels.values()], each.value)
    metric: Metric = family
    return metric


def _from_summaries() -> Iterator[Reading]:
    """Where cases stand and how long the oldest has waited, as workers counted last."""
    now = timezone.now()
    for row in Summary.objects.filter(name=whereabouts.NAME).select_related("project").order_by("project__slug"):
        of = {"project": row.project.slug}
        yield Reading("summary_age_seconds", "Since a worker last counted", (now - row.computed_at).total_seconds(), of)
        for stage, n in _sums(row.data["stages"]).items():
            yield Reading("cases", "Cases by where they stand, as counted last", n, of | {"stage": stage})
        for basis, n in _sums(row.data["bases"]).items():
            yield Reading("labels", "Live agreed labels, as counted last", n, of | {"basis": basis})
        queue = row.data["queue"]
        yield Reading("queue_cases", "Cases in the annotators' queue, as counted last", queue["n"] or 0, of)
        oldest = datetime.fromisoformat(queue["oldest"]) if queue["oldest"] else now
        waited = max(0.0, (now - oldest).total_seconds())
        yield Reading("queue_age_seconds", "How long the oldest case has waited for people", waited, of)


def _sums(table: dict[str, dict[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in table.values():
        for key, n in row.items():
            sums[key] = sums.get(key, 0) + n
    return sums


def _certificates() -> Iterator[Reading]:
    found = {(slug, state): n for slug, state, n in bulk.execute(CELLS)}
    for slug in sorted({slug for slug, _ in found}):
        for state in STATES:
            labels = {"project": slug, "state": state}
            yield Reading("certificates", "Certificates by state", found.get((slug, state), 0), labels)


def _alarms() -> Iterator[Reading]:
    standing = bulk.execute(ALARMS)
    yield Reading("alarms", "Alarms that stand, of all projects", sum(n for _, n in standing))
    for slug, n in standing:
        yield Reading("project_alarms", "Alarms that stand", n, {"project": slug})


def _growth() -> Iterator[Reading]:
    said = "Rows written since Postgres last started anew; their rate is the work done"
    for table, n in bulk.execute(ROWS, tables=list(GROWING)):
        yield Reading("rows_written", said, n, {"rows": GROWING[table]}, is_counter=True)


def _exports() -> Iterator[Reading]:
    found = dict(bulk.execute(EXPORTS))
    for state in ("asked", "running"):
        yield Reading("exports", "Exports that are not done", found.get(state, 0), {"state": state})


def _messages() -> Iterator[Reading]:
    if not settings.BROKER_URL:
        return
    found = queues.lengths(QUEUES)
    yield Reading("broker_up", "Whether the broker answers", int(found is not None))
    for name, n in (found or {}).items():
        yield Reading("messages", "Messages that no worker has taken yet", n, {"queue": name})
