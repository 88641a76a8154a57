"""A breaker for one endpoint: after many failures in a row nobody asks it for a while, then one call tries.

    closed ──``after`` failures in a row──► open ──rest is over──► half open: one call tries
      ▲                                      ▲ each time twice as long       │
      └──────────────── it succeeds ─────────┴──────────── it fails ─────────┘

A failure counts once for each request, not for each attempt: a few poisoned cases that are tried over and over are no
sign that the endpoint is ill. Calls wait through the first rests, which bridge the restart of a server. After
``probes`` vain ones, or where trying again is useless (a wrong key), they are refused at once, with the reason.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from llm_judge.rules.records import CompletionFailure, UnscoredReason

#: So many failures of the endpoint in a row, and it is in trouble itself: it is not the cases.
BREAK_AFTER = 16

#: Reasons that speak of the endpoint, not of the case: another try may well succeed.
SERVERS_FAULT = frozenset(
    {
        UnscoredReason.UNREACHABLE,
        UnscoredReason.TIMEOUT,
        UnscoredReason.RATE_LIMITED,
        UnscoredReason.HTTP_ERROR,
        UnscoredReason.UNAUTHORIZED,
    }
)


class Breaker:
    """Times are seconds of one clock; the caller tells them."""

    def __init__(
        self, *, after: int = BREAK_AFTER, first_rest: float = 1.0, longest_rest: float = 30.0, probes: int = 4
    ) -> None:
        self.after, self.first_rest, self.longest_rest, self.probes = after, first_rest, longest_rest, probes
        self.is_open = self.is_probing = self.has_given_up = False
        self.n_failed, self.rests_until = 0, 0.0
        self._probing_since, self._n_rests, self._said = 0.0, 0, ""
        self.last: CompletionFailure | None = None

    def note_success(self) -> None:
        """The endpoint answered: whatever was, is over."""
        self.is_open = self.is_probing = self.has_given_up = False
        self.n_failed = self._n_rests = 0

    def note_failure(self, failure: CompletionFailure, *, began: float, now: float, is_first: bool = True) -> None:
        """The endpoint failed a call that began at ``began``; ``is_first``: its first attempt here."""
        if self.is_open and not (self.is_probing and began >= self._probing_since):
            return  # it was under way when the breaker opened
        self.last = failure
        self.n_failed += is_first
        if self.is_open or self.n_failed >= self.after:
            self._open(failure, now)

    def rest(self, failure: CompletionFailure, seconds: float, now: float) -> None:
        """The endpoint asked for so long a rest that nobody waits for its end."""
        self.last = failure
        self._begin_rest(seconds, now)
        self.has_given_up = True

    def may_probe(self, now: float) -> bool:
        return self.is_open and not self.is_probing and now >= self.rests_until

    def begin_probe(self, now: float) -> None:
        self.is_probing, self._probing_since = True, now

    def drop_probe(self) -> None:
        """The call that tried was called off; another may."""
        self.is_probing = False

    @property
    def words(self) -> str:
        """Why nobody is asked, in one sentence for people; empty while the breaker is closed."""
        return self._said if self.is_open else ""

    def _open(self, failure: CompletionFailure, now: float) -> None:
        self._begin_rest(min(self.longest_rest, self.first_rest * 2.0**self._n_rests), now)
        self._n_rests += 1
        self.has_given_up = self._n_rests > self.probes or not failure.retryable

    def _begin_rest(self, seconds: float, now: float) -> None:
        self.is_open, self.is_probing = True, False
        self.rests_until = now + seconds
        until = datetime.fromtimestamp(time.time() + seconds, UTC)
        why = f"after {self.n_failed} failures in a row, " if self.n_failed >= self.after else ""
        said = self.last.detail if self.last else ""
        self._said = f"the endpoint rests until {until:%H:%M:%S} UTC; {why}the last: {said}"
