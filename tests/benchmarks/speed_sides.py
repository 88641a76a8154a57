"""The two sides that machines_speed compares, each in a process of its own that prints what it found.

python -m tests.benchmarks.speed_sides bare|worker PROJECT N [--plan-all]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # rows are known once Django is set up
    from judge.models import Project

IN_FLIGHT = 512
#: Distinct questions that the bare client repeats.
N_BODIES = 4_000


def run_side(side: str, project: Project, n: int, *, plan_all: bool = False) -> dict[str, Any]:
    words = [side, project.slug, str(n), *(["--plan-all"] if plan_all else [])]
    done = subprocess.run([sys.executable, "-m", __name__, *words], stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    print(f"{side}: {found['n']:,} at {found['per_second']:,.0f}/s", file=sys.stderr, flush=True)
    return found


def bare(project: Project, n: int, *, plan_all: bool) -> dict[str, Any]:
    """Nothing but requests whose bodies are written beforehand; the answers are read and dropped."""
    bodies = list(islice(cycle(write_bodies(project)), n))
    return timed(lambda: asyncio.run(ask_all(os.environ["JUDGE_URL"], iter(bodies))), n)


async def ask_all(address: str, bodies: Iterator[bytes]) -> None:
    import aiohttp

    async def ask() -> None:
        for body in bodies:  # shared by all
            async with session.post(f"{address}/v1/chat/completions", data=body, headers=headers) as answer:
                answer.raise_for_status()
                await answer.read()

    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:
        await asyncio.gather(*(ask() for _ in range(IN_FLIGHT)))


def write_bodies(project: Project) -> list[bytes]:
    """The very bodies that the product sends for the project's first cases."""
    from judge.models import Case, Rater
    from llm_judge.actions import cases, raters
    from llm_judge.backends.dialects import Dialect, chat_body
    from llm_judge.rules.scoring import plan_calls

    assert project.judge is not None
    [rater] = raters.seated(project.judge)
    configuration = raters.configuration_of(rater)
    ids = Case.objects.filter(project=project).order_by(*cases.PREFIX_ORDER).values_list("pk", flat=True)[:N_BODIES]
    nobody = Rater(pk=0)  # answered by none: all of them, also those that are judged by now
    found = cases.load(project, list(ids), nobody)
    requests = [request for case in found for request in plan_calls(case, configuration)]
    return [json.dumps(chat_body(each, configuration.model, Dialect.VLLM)).encode() for each in requests]


def worker(project: Project, n: int, *, plan_all: bool) -> dict[str, Any]:
    """A sitting, as ``manage.py judge_items`` runs it; with ``plan_all`` the plan holds all cases and it stops at n."""
    samples: list[float] = []
    done = [0]

    def sit() -> None:
        from llm_judge.actions import sittings

        sitting = sittings.judge_here(
            project, by=None, limit=None if plan_all else n, should_stop=lambda: plan_all and done[0] >= n
        )
        for progress in sitting:
            done[0] = progress.n_done
            samples.append(memory_mb())

    found = timed(sit, n)
    return found | {
        "n": done[0],
        "per_second": done[0] / found["seconds"],
        "memory_mb": samples[:: len(samples) // 300 or 1],
    }


def memory_mb() -> float:
    """Resident memory of this process now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def timed(work: Any, n: int) -> dict[str, Any]:
    cpu, start = time.process_time(), time.monotonic()
    work()
    seconds, cpu = time.monotonic() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"n": n, "seconds": seconds, "per_second": n / seconds, "cpu": cpu, "peak_mb": peak}


def main() -> None:
    import django

    django.setup()
    from judge.models import Project

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("side", choices=["bare", "worker"])
    parser.add_argument("project")
    parser.add_argument("n", type=int)
    parser.add_argument("--plan-all", action="store_true")
    options = parser.parse_args()
    project = Project.objects.select_related("judge").get(slug=options.project)
    side = {"bare": bare, "worker": worker}[options.side]
    json.dump(side(project, options.n, plan_all=options.plan_all), sys.stdout)


if __name__ == "__main__":
    main()
