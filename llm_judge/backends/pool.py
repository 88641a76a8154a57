"""Several servers of one model as one backend: calls go where there is room, and around what is ill.

A call goes to the member that is least loaded (calls there ÷ weight), unless the member where its beginning was read
before is about as free: cases of one context share most of their prompt, and a server's prefix cache serves the shared
part almost for free. Which member that is, a hash decides that every process computes alike, and that moves few
contexts where a member comes or goes.

Each member has a gate of its own. A call that a member failed goes to another at once. A member whose breaker is open
gets one call to try each time its rest is over. Members that serve another model are not asked at all.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from types import TracebackType
from typing import Self

from judge.errors import InputError, ServiceError
from llm_judge.backends.base import PatientBackend, Refusal, ServerFacts
from llm_judge.backends.breaker import SERVERS_FAULT
from llm_judge.rules.records import CompletionFailure, CompletionRequest, Reply, UnscoredReason

logger = logging.getLogger(__name__)

#: How much busier than the freest member the one with the prefix may be: in proportion, and in calls.
LEAN, SPARE_CALLS = 1.5, 4
#: A member that could not be asked what it is, is asked again after so many seconds.
LOOK_AGAIN = 15.0


@dataclass(slots=True, eq=False)
class Member:
    """One server. ``fault`` says why it is not asked: it serves another model, or has not said yet what it serves."""

    name: str
    backend: PatientBackend
    weight: float = 1.0
    fault: str = "it was not asked yet what it serves"
    looked_at: float = -math.inf
    salt: int = field(init=False)

    def __post_init__(self) -> None:
        self.salt = zlib.crc32(self.name.encode())
        self.backend.gate.is_patient = False

    @property
    def load(self) -> float:
        return self.backend.gate.load / self.weight


class Pool:
    """A backend over members that all serve one model, ``model`` (else that of the first which answers)."""

    def __init__(self, members: Sequence[Member], *, model: str = "") -> None:
        if not members:
            raise InputError("a pool without members", expected="at least one endpoint")
        self.members, self.model = tuple(members), model
        self.kind = members[0].backend.kind
        self.in_flight = sum(each.backend.in_flight for each in members)
        self.patience = members[0].backend.patience

    def __repr__(self) -> str:
        listed = ", ".join(f"{each.name}: {each.backend!r} × {each.weight:g}" for each in self.members)
        return f"Pool({listed})"

    async def __aenter__(self) -> Self:
        for member in self.members:
            await member.backend.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in self.members:
            await member.backend.__aexit__(kind, error, trace)

    @property
    def trouble(self) -> str:
        """Why nobody here can be asked for a while; empty while somebody can."""
        words = [member.fault or member.backend.trouble for member in self.members]
        if not all(words):
            return ""
        return "; ".join(f"{member.name}: {word}" for member, word in zip(self.members, words, strict=True))

    async def inspect(self) -> ServerFacts:
        """What the members that fit are; ServiceError where there is none. The others are set aside, and logged."""
        found = [facts for facts in await asyncio.gather(*map(self._look_at, self.members)) if facts is not None]
        if not found:
            raise ServiceError(f"None of the {len(self.members)} endpoints can be asked. {self.trouble}")
        rules = frozenset.intersection(*(facts.rules for facts in found))
        windows = [facts.window for facts in found if facts.window]
        first = found[0]
        return ServerFacts(first.server, first.server_version, first.model, min(windows, default=0), rules)

    async def complete(self, request: CompletionRequest) -> Reply:
        """Ask one member, and another where it fails; the reply names every failure that came before it."""
        retried: tuple[UnscoredReason, ...] = ()
        failed: list[Member] = []
        left = self.patience.in_all
        while True:
            member = await self._choose_or_wait(request, failed)
            if member is None:
                return Refusal(UnscoredReason.UNREACHABLE, self.trouble or "no endpoint can be asked", retried=retried)
            reply = await member.backend.attempt(request, retried, left, is_first=member not in failed)
            if isinstance(reply, Refusal):
                continue  # it fell ill while we waited at its gate
            if not isinstance(reply, CompletionFailure):
                return reply
            failed.append(member)
            left -= reply.latency_ms / 1000
            wait = self._pause(reply, failed, left)
            if wait is None:
                return reply
            retried, left = (*retried, reply.kind), left - wait
            if wait:
                await asyncio.sleep(wait)

    def choose(self, request: CompletionRequest, failed: Sequence[Member] = ()) -> Member | None:
        """The member to ask now, one that has not failed this call if there is one; None where all must rest."""
        now = time.monotonic()
        fit = [member for member in self.members if not member.fault]
        for member in fit:
            if member not in failed and member.backend.gate.breaker.may_probe(now):
                return member
        open_ones = [member for member in fit if member.backend.gate.is_open(now)]
        fresh = [member for member in open_ones if member not in failed] or open_ones
        roomy = [member for member in fresh if member.backend.gate.has_room] or fresh
        return _prefer(roomy, request) if roomy else None

    async def _choose_or_wait(self, request: CompletionRequest, failed: Sequence[Member]) -> Member | None:
        """As ``choose``; where all rest for a moment only, once the first is back."""
        while True:
            self._look_again_at_faulty()
            member = self.choose(request, failed)
            if member is None:
                member = self.choose(request)  # one that failed it may try again
            if member is not None or self.trouble:
                return member
            opens = min(each.backend.gate.opens_at for each in self.members if not each.fault)
            await asyncio.sleep(max(0.005, opens - time.monotonic()))

    def _pause(self, failure: CompletionFailure, failed: Sequence[Member], left: float) -> float | None:
        """Seconds before the next attempt, none at all where another member may do better; None to give up."""
        if left > 0 and failure.attempts < self.patience.attempts and self._may_do_better(failure, failed):
            return 0.0
        return self.patience.wait(failure, failure.attempts, left)

    def _may_do_better(self, failure: CompletionFailure, failed: Sequence[Member]) -> bool:
        if failure.kind not in SERVERS_FAULT:
            return False  # the case's own fault is the same everywhere
        others = (each for each in self.members if not each.fault and each not in failed)
        now = time.monotonic()
        return any(each.backend.gate.is_open(now) for each in others)

    def _look_again_at_faulty(self) -> None:
        now = time.monotonic()
        for member in self.members:
            if member.fault and now - member.looked_at > LOOK_AGAIN:
                member.looked_at = now
                task = asyncio.ensure_future(self._look_at(member))
                _tasks.add(task)
                task.add_done_callback(_tasks.discard)

    async def _look_at(self, member: Member) -> ServerFacts | None:
        """What a member says of itself, if it serves our model; else why not is kept in its ``fault``."""
        member.looked_at = time.monotonic()
        try:
            facts = await member.backend.inspect()
        except ServiceError as error:
            self._set_aside(member, str(error))
            return None
        self.model = self.model or facts.model
        if not _serves(facts, self.model):
            self._set_aside(member, f"it serves {' and '.join(facts.served) or facts.model}, not {self.model}")
            return None
        member.fault = ""
        return facts

    def _set_aside(self, member: Member, fault: str) -> None:
        if fault != member.fault:
            logger.warning("The endpoint %s is set aside: %s", member.name, fault)
        member.fault = fault


_tasks: set[asyncio.Task[ServerFacts | None]] = set()  # the loop itself keeps only weak references


def _serves(facts: ServerFacts, model: str) -> bool:
    named = {*facts.served, *(PurePath(each).name for each in facts.served)}
    return facts.model == model and (not named or model in named)


def _prefer(members: Sequence[Member], request: CompletionRequest) -> Member:
    """The freest, or the one where this beginning was read before if it is about as free."""
    if len(members) == 1:
        return members[0]
    freest = min(members, key=lambda each: each.load)
    if not request.shared:
        return freest
    seed = zlib.crc32(request.shared.encode(errors="replace"))
    known = max(members, key=lambda each: _draw(seed, each))
    return known if known.load <= LEAN * freest.load + SPARE_CALLS / known.weight else freest


def _draw(seed: int, member: Member) -> float:
    """Rendezvous hashing: the highest of these wins, in proportion to the weights."""
    chance = ((hash((seed, member.salt)) & 0xFFFFFFFF) + 0.5) / 2**32  # numbers hash alike in every process
    return -member.weight / math.log(chance)
