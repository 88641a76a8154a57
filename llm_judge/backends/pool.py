"""Several servers of one model as one backend: calls go where there is room, and around what is ill.

A call goes to the member that is least loaded (calls there ÷ weight), unless the member where its beginning was read
before is about as free: cases of one context share most of their prompt, and a server's prefix cache serves the shared
part almost for free. Which member that is, a hash decides that every process computes alike, and that moves few
contexts where a member comes or goes.

Each member has a gate of its own. A call that a member failed goes to another at once. A member whose breaker is open
gets one call to try each time its rest is over, and no call tries twice while somebody else is well. Members that serve
another model, or cannot serve the scoring rule, are not asked at all; now and then it is looked whether they still do.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
import zlib
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import PurePath
from secrets import SystemRandom
from types import TracebackType
from typing import Self

from judge.errors import InputError, ServiceError
from llm_judge.backends.base import PatientBackend, Refusal, ServerFacts
from llm_judge.backends.breaker import SERVERS_FAULT
from llm_judge.rules.configuration import ScoringRule
from llm_judge.rules.records import CompletionFailure, CompletionRequest, Reply, UnscoredReason

logger = logging.getLogger(__name__)

#: How much busier than the freest member the one with the prefix may be: in proportion, and in calls.
LEAN, SPARE_CALLS = 1.5, 4
#: A member that is set aside is looked at again after so many seconds, and a look takes so many at most.
LOOK_AGAIN, LOOK_FOR = 15.0, 15.0
#: While one call tries a member and all others rest, calls look so often (seconds) what came of it.
GLANCE = 0.1

_chance = SystemRandom()


@dataclass(slots=True, eq=False)
class Member:
    """One server. ``fault`` says why it is set aside: it serves something else, or has not said yet what it serves."""

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
    """A backend over members that all serve one model, ``model`` (else that of the first which answers), and ``rule``
    where one is named."""

    def __init__(
        self,
        members: Sequence[Member],
        *,
        model: str = "",
        rule: ScoringRule | None = None,
        look_again: float = LOOK_AGAIN,
        look_for: float = LOOK_FOR,
    ) -> None:
        if not members:
            raise InputError("a pool without members", expected="at least one endpoint")
        self.members, self.model, self.rule = tuple(members), model, rule
        self.look_again, self.look_for = look_again, look_for
        self.kind = members[0].backend.kind
        self.in_flight = sum(each.backend.in_flight for each in members)
        self.patience = max((each.backend.patience for each in members), key=lambda each: each.in_all)
        self._stack = AsyncExitStack()
        self._looks: set[asyncio.Task[ServerFacts | None]] = set()  # the loop itself keeps only weak references

    def __repr__(self) -> str:
        listed = ", ".join(f"{each.name}: {each.backend!r} × {each.weight:g}" for each in self.members)
        return f"Pool({listed})"

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for member in self.members:
                await stack.enter_async_context(member.backend)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for look in self._looks:
            look.cancel()
        await asyncio.gather(*self._looks, return_exceptions=True)
        await self._stack.__aexit__(kind, error, trace)

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
        first, versions = found[0], tuple(dict.fromkeys(facts.version for facts in found))
        window = min(windows, default=0)
        return ServerFacts(first.server, first.server_version, first.model, window, rules, versions=versions)

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
        open_ones = [member for member in fit if member.backend.gate.is_open(now)]
        fresh = [member for member in open_ones if member not in failed]
        if not (failed and fresh):  # else many that are down would use up a call's attempts
            for member in fit:
                if member not in failed and member.backend.gate.breaker.may_probe(now):
                    return member
        usable = fresh or open_ones
        roomy = [member for member in usable if member.backend.gate.has_room] or usable
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
            rest = min(each.backend.gate.opens_at for each in self.members if not each.fault) - time.monotonic()
            await asyncio.sleep(rest + 0.001 if rest > 0 else GLANCE)

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
            if member.fault and now - member.looked_at > self.look_again:
                member.looked_at = now
                look = asyncio.ensure_future(self._look_at(member))
                self._looks.add(look)
                look.add_done_callback(self._looks.discard)

    async def _look_at(self, member: Member) -> ServerFacts | None:
        """What a member says of itself, if it fits; else why not is kept in its ``fault``."""
        member.looked_at = time.monotonic()
        try:
            async with asyncio.timeout(self.look_for):
                facts = await member.backend.inspect()
        except TimeoutError:
            self._set_aside(member, f"it did not say within {self.look_for:g} seconds what it serves")
            return None
        except ServiceError as error:
            self._set_aside(member, str(error))
            return None
        self.model = self.model or facts.model
        fault = self._misfit(facts)
        if fault:
            self._set_aside(member, fault)
            return None
        member.fault = ""
        return facts

    def _misfit(self, facts: ServerFacts) -> str:
        """Why a server cannot stand for the others; empty where it can."""
        if not serves(facts, self.model):
            return f"it serves {' and '.join(facts.served) or facts.model}, not {self.model}"
        if self.rule is not None and self.rule not in facts.rules:
            return f"{facts.server} cannot serve the scoring rule {self.rule.value}"
        return ""

    def _set_aside(self, member: Member, fault: str) -> None:
        if fault != member.fault:
            logger.warning("The endpoint %s is set aside: %s", member.name, fault)
        member.fault = fault


def serves(facts: ServerFacts, model: str) -> bool:
    """Whether a server that says this of itself serves ``model``, as it or its file is called."""
    named = {*facts.served, *(PurePath(each).name for each in facts.served)}
    return facts.model == model and (not named or model in named)


def _prefer(members: Sequence[Member], request: CompletionRequest) -> Member:
    """The freest, or the one where this beginning was read before if it is about as free.

    Among equally free ones chance decides, by weight: many processes with few calls each must not all ask the first.
    """
    if len(members) == 1:
        return members[0]
    freest = min(members, key=lambda each: (each.load, -(_chance.random() ** (1 / each.weight))))
    if not request.shared:
        return freest
    seed = zlib.crc32(request.shared.encode(errors="replace"))
    known = max(members, key=lambda each: _draw(seed, each))
    return known if known.load <= LEAN * freest.load + SPARE_CALLS / known.weight else freest


def _draw(seed: int, member: Member) -> float:
    """Rendezvous hashing: the highest of these wins, in proportion to the weights."""
    drawn = blake2b(b"%d %d" % (seed, member.salt), digest_size=4).digest()  # Python's own hash is not even enough
    return -member.weight / math.log((int.from_bytes(drawn) + 0.5) / 2**32)
