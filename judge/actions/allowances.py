"""Rate limits: each token has an allowance of requests that grows back steadily, counted on one row in Postgres.

A leaky bucket as one number (GCRA): ``full_at`` is the moment at which the allowance is whole again. A request moves it
on by the time that one request takes to grow back, and is refused where that would reach further than a window ahead.
One statement on one row, so any number of web workers count right together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.conf import settings

from judge.actions import bulk
from judge.models import ApiToken

#: Seconds in which a whole allowance grows back.
WINDOW = 60

TAKE = """
WITH before AS (
    SELECT id, greatest(full_at, clock_timestamp()) AS full_at FROM judge_apiuse WHERE token_id = %(token)s FOR UPDATE
), taken AS (
    UPDATE judge_apiuse u SET full_at = b.full_at + make_interval(secs => %(cost)s), used_at = clock_timestamp()
    FROM before b
    WHERE u.id = b.id
      AND b.full_at + make_interval(secs => %(cost)s) <= clock_timestamp() + make_interval(secs => %(window)s)
    RETURNING u.full_at
)
SELECT (SELECT count(*) FROM taken), extract(epoch FROM coalesce((SELECT full_at FROM taken), b.full_at)
                                                        - clock_timestamp())::float8
FROM before b
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a token's allowance after this request. ``wait``: seconds until it would be taken again."""

    limit: int
    left: int
    reset: int
    is_taken: bool
    wait: int = 0

    @property
    def headers(self) -> dict[str, str]:
        told = {"RateLimit-Limit": self.limit, "RateLimit-Remaining": self.left, "RateLimit-Reset": self.reset}
        return {name: str(value) for name, value in told.items()} | (
            {} if self.is_taken else {"Retry-After": str(self.wait)}
        )


def take(token: ApiToken) -> Allowance:
    """Use one request of the token's allowance."""
    limit = settings.API_REQUESTS_A_MINUTE
    cost = WINDOW / limit
    is_taken, debt = bulk.execute(TAKE, token=token.pk, cost=cost, window=WINDOW)[0]
    wait = 0 if is_taken else max(1, math.ceil(debt + cost - WINDOW))
    left = max(0, math.floor((WINDOW - debt) / cost + 1e-6))
    return Allowance(limit, left if is_taken else 0, max(0, math.ceil(debt)), bool(is_taken), wait)
