"""Does the order of cases pay? For machines_servers: the product's order against a shuffled one, on one real server.

The population is many times the server's prefix cache: twenty tags to each person, four criteria, people whose
histories differ from the first line on. Slices of both orders take turns. The product's order is read in whole groups
(one criterion, one person), each a group that was not read before; the shuffled one is drawn with a seed from all.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from judge.actions import rubrics
from judge.services import model_server
from llm_judge.actions import setups
from llm_judge.backends.base import Patience
from llm_judge.backends.judging import judge_many
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.rules.configuration import RaterConfiguration
from llm_judge.rules.records import Scored
from llm_judge.rules.scoring import JudgeCase
from tests.benchmarks.figures import Figure

N_PEOPLE, N_TAGS, N_DAYS = 48, 20, 20
ROUNDS = 3
SEED = 20
THINGS = (
    "a two-person tent", "a folding kettle", "a down sleeping bag", "trail running shoes", "a cast-iron pan",
    "a bird guide", "a headlamp", "wool socks", "a water filter", "a climbing rope", "a map of the Alps",
    "a rain jacket", "an espresso maker", "a chess clock", "watercolour paints",
)  # fmt: skip


class Server(Protocol):
    """``n_shuffled`` cases or ``n_groups`` groups make a slice."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def in_flight(self) -> int: ...
    @property
    def n_shuffled(self) -> int: ...
    @property
    def n_groups(self) -> int: ...


@dataclass(frozen=True)
class Facts:
    """How many tokens the server's cache holds, and how many the contexts of the population are."""

    cache: int
    contexts: int

    @property
    def times(self) -> float:
        return self.contexts / self.cache


def gain(name: str, server: Server, target: float) -> Figure:
    """Cases a second in the product's order ÷ in a shuffled one, medians of slices."""
    rater = setups.embedded_configuration() if server.name == "llama_cpp" else setups.server_configuration()
    facts, rates = asyncio.run(measure(server, rater))
    grouped, shuffled = (median(found) for found in zip(*rates, strict=True))
    ratio = median(mine / other for mine, other in rates)
    said = f"shuffled {shuffled:.2f} cases/s, grouped {grouped:.2f}; contexts of {facts.contexts:,} tokens, "
    said += f"{facts.times:.1f} × the cache of {facts.cache:,}"
    is_fair = facts.times >= 5
    reason = "" if is_fair else f"the contexts are only {facts.times:.1f} × the cache"
    return Figure(name, round(ratio, 2), "×", f"≥ {target:g}", ratio >= target and is_fair, said, reason)


async def measure(server: Server, rater: RaterConfiguration) -> tuple[Facts, list[tuple[float, float]]]:
    cases = population()
    facts = Facts(read_cache(server), len(cases) // N_TAGS * count_tokens(server, cases[0]))
    backend = OpenAIBackend(server.address, in_flight=server.in_flight, patience=Patience(timeout=300.0))
    rates: list[tuple[float, float]] = []
    async with backend:
        await backend.inspect()
        draws, groups = drawn(cases, server.n_shuffled), grouped(cases, server.n_groups)
        await rate(backend, next(groups), rater)  # warms up the server and the throttle
        rates = [
            (await rate(backend, next(groups), rater), await rate(backend, next(draws), rater)) for _ in range(ROUNDS)
        ]
    return facts, rates


def population() -> list[JudgeCase]:
    """In the order in which the product sends them: criterion, person, tag (``cases.PREFIX_ORDER``)."""
    people = [history(number) for number in range(N_PEOPLE)]
    return [
        JudgeCase(f"{question.key} {number} {tag}", question, context, write_tag(number, tag))
        for question in rubrics.template("tag").questions
        for number, context in enumerate(people)
        for tag in range(N_TAGS)
    ]


def history(number: int) -> dict[str, object]:
    chance = random.Random(number)
    did = ("viewed", "bought", "saved", "returned")
    days = [f"{chance.choice(did)} {chance.choice(THINGS)} for {chance.randint(5, 300)}" for _ in range(N_DAYS)]
    return {"person": f"shopper {number}", "history": days}


def write_tag(number: int, tag: int) -> dict[str, str]:
    thing = random.Random(f"{number} {tag}").choice(THINGS)
    return {"Item Tag": thing, "Interest": "time outdoors", "Reason": f"shopper {number} keeps looking at such things"}


def grouped(cases: Sequence[JudgeCase], n_groups: int) -> Iterator[list[JudgeCase]]:
    """Slices of whole groups, spread over the plan, none twice."""
    step = n_groups * N_TAGS
    starts = list(range(0, len(cases) - step + 1, step))
    random.Random(SEED).shuffle(starts)
    return ([*cases[start : start + step]] for start in starts)


def drawn(cases: Sequence[JudgeCase], n: int) -> Iterator[list[JudgeCase]]:
    order = random.Random(SEED).sample(cases, len(cases))
    return (order[start : start + n] for start in range(0, len(order), n))


async def rate(backend: OpenAIBackend, cases: Sequence[JudgeCase], rater: RaterConfiguration) -> float:
    """Cases a second; every case must be scored."""
    start = time.monotonic()
    answers = [answer.answer async for answer in judge_many(backend, cases, rater)]
    found = len(cases) / (time.monotonic() - start)
    unscored = [answer for answer in answers if not isinstance(answer, Scored)]
    if unscored:
        raise AssertionError(f"{len(unscored)} of {len(cases)} cases are unscored: {unscored[0]}")
    print(f"{backend!r}: {len(cases)} cases at {found:.2f}/s", file=sys.stderr, flush=True)
    return found


def read_cache(server: Server) -> int:
    """How many tokens of prompts the server can keep."""
    if server.name == "llama_cpp":
        return model_server.SLOTS * model_server.TOKENS_PER_SLOT
    line = next(line for line in fetch(server, "metrics").splitlines() if line.startswith("vllm:cache_config_info"))
    told = dict(part.split("=", 1) for part in line.split("{", 1)[1].split("}")[0].split(",") if "=" in part)
    return int(told["num_gpu_blocks"].strip('"')) * int(told["block_size"].strip('"'))


def count_tokens(server: Server, case: JudgeCase) -> int:
    """The tokens of a case's context alone."""
    text = json.dumps(case.context)
    body = {"content": text} if server.name == "llama_cpp" else {"prompt": text}
    return len(json.loads(fetch(server, "tokenize", body))["tokens"])


def fetch(server: Server, page: str, body: dict[str, str] | None = None) -> str:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{server.address.removesuffix('/v1')}/{page}", data, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(answer.read().decode())
