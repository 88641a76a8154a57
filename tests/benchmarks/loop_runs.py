"""Runs under trouble: is every case judged exactly once when the worker is killed in mid-run?"""

from __future__ import annotations

from tests.benchmarks.figures import Figure

FIGURES = {"loop.judged_twice_or_never": "0"}
KILLS = 3


def measure() -> list[Figure]:
    """Cases judged twice or never after ``kill -9`` of the worker and a restart, over a few kills."""
    from tests.flow.workers import judge_through_a_kill

    seen = [judge_through_a_kill() for _ in range(KILLS)]
    wrong = sum(each.n_twice + each.n_never for each in seen)
    at_kill = ", ".join(f"{each.n_votes_at_kill} of {each.n_cases}" for each in seen)
    is_fair = all(0 < each.n_votes_at_kill < each.n_cases for each in seen)
    return [
        Figure(
            "loop.judged_twice_or_never", wrong, "cases", "0", met=wrong == 0 and is_fair,
            baseline=f"{KILLS} kills, judged when it fell: {at_kill}",
            reason="" if is_fair else "a kill did not fall in mid-run",
        )
    ]  # fmt: skip
