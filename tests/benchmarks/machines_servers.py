"""Real servers: does the product keep one as busy as a bare client does, and does the order of cases pay?

llama.cpp as the product embeds it, and vLLM on the processor, both with the same small model. The product's side is a
sitting, as ``manage.py judge_items`` runs it, rows written to a database with durable commits; the bare side sends the
same requests with aiohttp and drops the answers. They take turns, on people they have not met before, so that neither
finds the other's contexts in the server's prefix cache; medians.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from django.conf import settings
from django.db import connection

from judge.models import Case, Judgment, Project
from judge.services import models
from llm_judge.actions import calls, endpoints, setups, sittings
from llm_judge.models import Endpoint
from tests.benchmarks import servers_bare, servers_prefix, speed_rows
from tests.benchmarks.figures import Figure
from tests.contracts.vllm_server import HOME, ROOT, serve_vllm

ROUNDS = 5
#: Seconds for one call: a busy machine reads slowly, and a share of nothing but time-outs says nothing.
PATIENCE = 300.0
#: The one of the tag rubric that both sides ask about: twenty tags of one person, then of the next.
CRITERION = "relevance"
#: vLLM's blocks hold 128 tokens each on a processor: 64 of them are as many tokens as the embedded model's slots.
VLLM_CACHE = ("--num-gpu-blocks-override", "64", "--enable-prefix-caching")

SHARE, GAIN = "machines.servers_share_of_bare_client", "machines.servers_grouped_to_shuffled"
TARGETS = {"llama_cpp": 3.0, "vllm": 2.0}
FIGURES = {f"{SHARE}_{name}": "≥ .95" for name in TARGETS} | {
    f"{GAIN}_{name}": f"≥ {target:g}" for name, target in TARGETS.items()
}


@dataclass(frozen=True)
class Side:
    """A real server: calls in flight; ``n`` cases for a round of ``share``, slices for ``servers_prefix``."""

    name: str
    endpoint: str
    address: str
    in_flight: int
    n: int
    n_shuffled: int
    n_groups: int


def measure() -> list[Figure]:
    return [*attempt("llama_cpp", on_llama_cpp), *attempt("vllm", on_vllm)]


def attempt(name: str, work: Callable[[], list[Figure]]) -> list[Figure]:
    """What one server gives; where it cannot be had the other's figures stand all the same."""
    try:
        return work()
    except Exception as error:
        traceback.print_exc()
        missing = {figure: target for figure, target in FIGURES.items() if figure.endswith(name)}
        return [Figure(figure, None, "", target, met=False, reason=repr(error)) for figure, target in missing.items()]


def on_llama_cpp() -> list[Figure]:
    side = Side("llama_cpp", endpoints.EMBEDDED, models.ensure(), in_flight=4, n=20, n_shuffled=8, n_groups=1)
    return figures_of(side)


def on_vllm() -> list[Figure]:
    with vllm_side() as side:
        return figures_of(side)


@contextmanager
def vllm_side() -> Iterator[Side]:
    subprocess.run(["sh", str(ROOT / "scripts/setup_vllm.sh")], check=True)
    with serve_vllm(HOME, *VLLM_CACHE) as address:
        os.environ["JUDGE_URL"] = settings.JUDGE_URL = f"{address}/v1"
        endpoints.ensure(endpoints.SERVER)
        side = Side("vllm", endpoints.SERVER, settings.JUDGE_URL, in_flight=32, n=160, n_shuffled=64, n_groups=6)
        Endpoint.objects.filter(name=endpoints.SERVER).update(max_in_flight=side.in_flight, timeout_s=PATIENCE)
        yield side


def figures_of(side: Side) -> list[Figure]:
    try:
        return [share(side), servers_prefix.gain(f"{GAIN}_{side.name}", side, TARGETS[side.name])]
    finally:
        calls.close()


def share(side: Side) -> Figure:
    """Our cases a second ÷ the bare client's, over rounds in which they take turns at being first."""
    project, plans = make_project(side, "ours"), servers_bare.plans(make_project(side, "bare"), CRITERION, side.n)
    ours(project, side), bare(next(plans), side)  # a first round warms up the server
    pairs = [both(project, next(plans), side, first=number % 2) for number in range(ROUNDS)]
    value = median(mine / theirs for mine, theirs in pairs)
    mine, theirs = (median(rates) for rates in zip(*pairs, strict=True))
    said = f"bare {theirs:.2f} requests/s, we {mine:.2f} cases/s, {side.in_flight} in flight; {ROUNDS} rounds"
    return Figure(f"{SHARE}_{side.name}", round(value, 3), "share", "≥ .95", value >= 0.95, said)


def make_project(side: Side, who: str) -> Project:
    """Four criteria, twenty tags to a person; people of its own, for equal texts would be in the server's cache."""
    project = speed_rows.make_project(f"Servers {side.name} {who}", speed_rows.N_CRITERIA * (ROUNDS + 1) * side.n)
    told_apart = "json_build_object('id', %s || id, 'seen', content)"
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE judge_context SET content = {told_apart} WHERE project_id = %s", [who, project.pk])
    setups.SETUPS[side.endpoint](project)
    return project


def both(project: Project, plan: servers_bare.Plan, side: Side, *, first: int) -> tuple[float, float]:
    rates = {}
    for who in ("ours", "bare") if first else ("bare", "ours"):
        rates[who] = ours(project, side) if who == "ours" else bare(plan, side)
    print(f"{side.name}: {rates}", file=sys.stderr, flush=True)
    return rates["ours"], rates["bare"]


def ours(project: Project, side: Side) -> float:
    """Cases a second of a sitting, rows included; every case must have been scored."""
    votes = Judgment.objects.filter(case__project=project, label__isnull=False)
    before, start = votes.count(), time.monotonic()
    for _ in sittings.judge_here(project, by=None, limit=side.n, criteria=(CRITERION,)):
        pass
    rate = side.n / (time.monotonic() - start)
    scored = votes.count() - before
    if scored != side.n:
        left = Case.objects.filter(project=project, stage="imported").count()
        raise AssertionError(f"{scored} of {side.n} cases were scored ({left} are left)")
    return rate


def bare(plan: servers_bare.Plan, side: Side) -> float:
    start = time.monotonic()
    servers_bare.send(side.address, plan, side.in_flight)
    return len(plan) / (time.monotonic() - start)
