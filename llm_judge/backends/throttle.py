"""How many calls an endpoint gets at a time: more while it keeps its pace, half as many when it is in trouble.

The limit grows by one for each answer (so it doubles in a round trip) until the first trouble; after that by an eighth
in a round trip. Once answers take clearly longer than they can, it grows by one in a round trip; then not at all. It
only grows while it is used: an idle server says nothing about what it could bear.

It halves where more than a quarter of the calls of a round trip meet trouble (too many requests, errors of the server,
no answer in time). "Too many requests" is a plain word and counts twice. One lone failure among many says nothing of
the load. Failures of calls that were under way when the limit was halved have been answered for already.
"""

from __future__ import annotations

START = 8
#: Calls that are looked at together, at least: few calls say little.
LEAST_ROUND = 16
#: More than this share of a round in trouble, and the limit is halved.
TROUBLE = 0.25
#: How much longer than the quickest answers may take: up to here the pace holds; beyond the second nothing grows.
STEADY, TOLERABLE = 1.5, 4.0
#: The quickest pace ever seen is forgotten slowly: it doubles in some ten thousand calls.
FORGET = 1 + 2**-14


class Throttle:
    """``limit`` lies between 1 and ``most``. Times are seconds of one clock."""

    __slots__ = ("_baseline", "_halved_at", "_n_bad", "_n_calls", "_recent", "_step", "limit", "most")

    def __init__(self, most: int) -> None:
        self.most = float(most)
        self._halved_at = self._baseline = self._recent = 0.0
        self.restart()

    def restart(self) -> None:
        """Begin small: after an outage nobody knows what the endpoint can bear."""
        self.limit = min(float(START), self.most)
        self._step, self._n_calls, self._n_bad = 1.0, 0, 0

    @property
    def strain(self) -> float:
        """How much longer answers take of late than the quickest did; 1 before there is anything to go by."""
        return self._recent / self._baseline if self._baseline else 1.0

    def note_answer(self, seconds: float, *, is_used: bool) -> None:
        """An answer came; ``is_used``: the limit held other calls back, or just not yet."""
        self._measure(seconds)
        self._count(0)
        if is_used and self.limit < self.most:
            self.limit = min(self.most, self.limit + self._growth())

    def note_trouble(self, began: float, now: float, *, is_refused: bool) -> None:
        """A call that began at ``began`` met trouble; ``is_refused``: the endpoint said that it is too much."""
        if began < self._halved_at:
            return
        self._n_bad += 2 if is_refused else 1
        if self._n_bad > TROUBLE * max(LEAST_ROUND, self.limit):
            self.limit = max(1.0, self.limit / 2)
            self._halved_at, self._step, self._n_calls, self._n_bad = now, 0.125, 0, 0
        else:
            self._count(1)

    def _measure(self, seconds: float) -> None:
        """Both are smoothed: the recent pace over some ten calls; the quickest falls fast and rises slowly."""
        if not self._baseline:
            self._baseline = self._recent = seconds
        self._recent += (seconds - self._recent) / 8
        if seconds < self._baseline:
            self._baseline += (seconds - self._baseline) / 4
        else:
            self._baseline *= FORGET

    def _growth(self) -> float:
        strain = self.strain
        if strain > TOLERABLE:
            return 0.0
        return max(self._step if strain <= STEADY else 0.0, 1 / self.limit)

    def _count(self, n_bad: int) -> None:
        self._n_calls += 1
        if self._n_calls >= max(LEAST_ROUND, self.limit):
            self._n_calls = self._n_bad = 0
