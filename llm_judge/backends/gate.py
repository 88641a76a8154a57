"""The door to one endpoint: calls pass while there is room, and wait, or are refused, while the endpoint rests.

Nearly every call takes ``try_enter`` and ``leave``: a few comparisons, no lock and no future. Used from one event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from llm_judge.backends.breaker import SERVERS_FAULT, Breaker
from llm_judge.backends.throttle import Throttle
from llm_judge.rules.records import CompletionFailure, CompletionResult, Reply, UnscoredReason

#: Trouble that fewer calls at a time may mend. A broken connection is none: it is the breaker's business.
LOAD = frozenset({UnscoredReason.RATE_LIMITED, UnscoredReason.TIMEOUT, UnscoredReason.HTTP_ERROR})


class Gate:
    """``is_patient``: calls wait here for the end of a short rest; else they are sent away to ask elsewhere."""

    def __init__(
        self,
        most: int,
        *,
        breaker: Breaker | None = None,
        longest_wait: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.throttle, self.breaker = Throttle(most), breaker or Breaker()
        self.longest_wait, self.clock, self.is_patient = longest_wait, clock, True
        self.busy, self.quiet_until = 0, 0.0
        self._answered = 0.0  # when the youngest call began that was answered
        self._room = int(self.throttle.limit)
        self._waiting: deque[asyncio.Future[bool]] = deque()
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def trouble(self) -> str:
        """Why calls are refused here now, in words; empty while they are not."""
        return self.breaker.words if self.breaker.has_given_up and self.clock() < self.breaker.rests_until else ""

    @property
    def opens_at(self) -> float:
        """When the endpoint may be asked again; long ago where it may be now."""
        return self.breaker.rests_until if self.breaker.is_open else self.quiet_until

    @property
    def load(self) -> int:
        """Calls under way, and those that wait to be."""
        return self.busy + len(self._waiting)

    @property
    def has_room(self) -> bool:
        return self.busy < int(self.throttle.limit) and not self._waiting

    def is_open(self, now: float) -> bool:
        """Whether the endpoint is up, as far as is known, and has not asked for peace."""
        return not self.breaker.is_open and now >= self.quiet_until

    def try_enter(self) -> bool:
        """Pass if there is room this very moment."""
        if self.busy >= self._room or self._waiting:
            return False
        self.busy += 1
        return True

    async def enter(self) -> bool:
        """Pass as soon as there is room; False where the endpoint rests for longer than one waits."""
        if self.try_enter():
            return True
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._admit()
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():  # called off just after it was let in
                self.drop()
            raise

    def leave(self, reply: Reply, *, began: float, is_first: bool = True) -> None:
        """A call that entered has its reply; ``is_first``: it was its first attempt here."""
        is_used = self.busy >= self._room
        self.busy -= 1
        now = self.clock()
        if isinstance(reply, CompletionResult):
            self._answered = max(self._answered, began)
            self.throttle.note_answer(now - began, is_used=is_used)
            if self.breaker.n_failed or self.breaker.is_open:
                self._recover()
        else:
            self._note_failure(reply, began, now, is_first)
        if self._waiting:
            self._admit()
        elif self._room:
            self._room = int(self.throttle.limit)

    def drop(self) -> None:
        """A call that entered was called off; nothing is known of the endpoint."""
        self.busy -= 1
        self.breaker.drop_probe()
        if self._waiting:
            self._admit()

    def _recover(self) -> None:
        if self.breaker.is_open:
            self.throttle.restart()
        self.breaker.note_success()

    def _note_failure(self, failure: CompletionFailure, began: float, now: float, is_first: bool) -> None:
        if failure.kind not in SERVERS_FAULT:
            self._recover()
            return
        # A call that hung while younger ones were answered says nothing of the endpoint: hung calls end in waves.
        is_stray = began < self._answered
        if failure.kind in LOAD and failure.retryable and not (is_stray and failure.kind is UnscoredReason.TIMEOUT):
            is_refused = failure.kind is UnscoredReason.RATE_LIMITED
            self.throttle.note_trouble(began, now, is_refused=is_refused)
        if not is_stray:
            self.breaker.note_failure(failure, began=began, now=now, is_first=is_first)
        if failure.retry_after:
            self._keep_quiet(failure, failure.retry_after, now)
        if self.breaker.is_open or now < self.quiet_until:
            self._room = 0

    def _keep_quiet(self, failure: CompletionFailure, seconds: float, now: float) -> None:
        """The endpoint said when to come back: that goes for all calls, not only for the one it answered."""
        if seconds > self.longest_wait:
            self.breaker.rest(failure, seconds, now)
        else:
            self.quiet_until = max(self.quiet_until, now + seconds)

    def _admit(self) -> None:
        """Let in, or send away, whom the state of things allows; see to it that the others are looked at again."""
        now = self.clock()
        if self.breaker.is_open or now < self.quiet_until:
            self._room = 0
            self._admit_at_rest(now)
            return
        self._room = int(self.throttle.limit)
        while self.busy < self._room and self._tell_next(True):
            pass

    def _admit_at_rest(self, now: float) -> None:
        if self.breaker.may_probe(now) and self._tell_next(True):
            self.breaker.begin_probe(now)
        if self.breaker.has_given_up or not self.is_patient:
            while self._tell_next(False):
                pass
        elif not self.breaker.is_probing:
            self._look_again(self.opens_at - now)

    def _tell_next(self, is_let_in: bool) -> bool:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # else it was called off meanwhile
                self.busy += is_let_in
                turn.set_result(is_let_in)
                return True
        return False

    def _look_again(self, seconds: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(max(0.0, seconds) + 0.001, self._admit)
