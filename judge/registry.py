"""What the siblings offer the court by name, so that the court never imports them.

Each AppConfig fills it in ``ready()``; the court asks by kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of ``manage.py doctor``: what was looked at, whether it is well, and what to do if not."""

    name: str
    is_well: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is told of a run outside of the machines' own pages."""

    id: int
    status: str
    judge_version: int
    n_planned: int
    n_done: int
    trouble: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RunDoor:
    """How the court has machines judge: ``start(project, by=…, criteria=…, limit=…, max_tokens=…, max_cost=…,
    max_minutes=…)`` and ``look(project, run_id)``, None for a run that is not there."""

    start: Callable[..., RunFacts]
    look: Callable[[Any, int], RunFacts | None]


@dataclass(frozen=True, slots=True)
class CaseCost:
    """What one case costs a judge on average, over ``n`` answers: all its raters together."""

    n: int
    tokens: float
    money: float
    seconds: float


@dataclass(frozen=True, slots=True)
class SummaryKind:
    """Numbers of a project that a worker counts and a page shows (judge.actions.summaries).

    ``measure(project)`` gives them as JSON, from rows of record alone: counted twice they are the same.
    ``mark(project)`` is a short text that differs where something moved that left no event; most kinds need none.
    ``is_of_people``: what machines alone do changes nothing, so a run of theirs has it not counted anew.
    """

    measure: Callable[[Any], dict[str, Any]]
    mark: Callable[[Any], str] | None = None
    is_of_people: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One number for Prometheus, named without its prefix; readings of one name carry the same labels."""

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    is_counter: bool = False


#: Functions without arguments that give readings; called at each scrape, so they walk no table.
gauges: dict[str, Callable[[], Iterable[Reading]]] = {}
#: Functions without arguments that return a list of findings.
doctor_checks: dict[str, Callable[[], list[Finding]]] = {}
#: Functions that bring a demo project to life: ``seed(project, say)``, run in order of name.
demo_seeders: dict[str, Callable[..., None]] = {}
#: ``start(projects, say)``: what begins once the demo's servers run.
demo_starters: dict[str, Callable[..., None]] = {}
#: ``record(say)``: makes the recorded part of the demo anew (``make record-demo``).
demo_recorders: dict[str, Callable[..., None]] = {}
#: Functions without arguments: one line on work in the background, empty when nothing moves.
progress_lines: dict[str, Callable[[], str]] = {}
#: ``setup(project, by=user)`` puts a first judge in force; the key is the name people give on the command line.
judge_setups: dict[str, Callable[..., Any]] = {}
#: ``write(question, context, output, language, label)``: the conversations, as (role, text), in which a machine that is
#: asked about a case gives ``label``; two for a pair, one for each order. What a judge is fine-tuned on.
judge_lessons: dict[str, Callable[..., list[list[tuple[str, str]]]]] = {}
#: ``erase(project, item_ids, case_ids)``: empties what an app keeps of texts, in the erasure's transaction.
erasers: dict[str, Callable[..., None]] = {}
#: How runs are started and looked at; None where no machines are installed.
run_door: RunDoor | None = None
#: ``cost_of(judge)``: what a case costs it, None where nobody kept count.
judge_costs: dict[str, Callable[[Any], CaseCost | None]] = {}
#: Panels of the overview in order of key: the name of the URL of a view that gives a fragment (docs/dashboards.md).
panels: dict[str, str] = {}
#: Numbers that workers count, by the name of their row: "overview", "agreement", …
summaries: dict[str, SummaryKind] = {}


def default_judge() -> str:
    """The setup a new installation judges with: the server that JUDGE_URL names, else the embedded model."""
    return "server" if settings.JUDGE_URL else "embedded"
