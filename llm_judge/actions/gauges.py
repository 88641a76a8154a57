"""What machines offer to be read by Prometheus: runs, answers, unscored ones, and when they were last swept."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Sum
from django.utils import timezone

from judge.registry import Reading
from llm_judge.models import LIVE, Heartbeat, Run


def read() -> Iterator[Reading]:
    """Runs are few rows, so they are added up each time."""
    sums = Run.objects.aggregate(
        answers=Sum("n_done"), unscored=Sum("n_unscored"), cached=Sum("n_cached"), cost=Sum("cost"),
        prompt=Sum("prompt_tokens"), written=Sum("completion_tokens"),
    )  # fmt: skip
    told = {
        "run_answers": ("Answers of machines, by runs", "answers"),
        "run_unscored": ("Answers that were no answer", "unscored"),
        "run_cached": ("Answers taken from an earlier, equal question", "cached"),
        "run_cost": ("Money spent, by the endpoints' prices", "cost"),
        "run_prompt_tokens": ("Tokens asked", "prompt"),
        "run_completion_tokens": ("Tokens written", "written"),
    }
    for name, (said, key) in told.items():
        yield Reading(name, said, sums[key] or 0, is_counter=True)
    live = dict(Run.objects.filter(status__in=LIVE).values_list("status").annotate(n=Count("pk")))
    for status in LIVE:
        yield Reading("runs", "Runs that are not over", live.get(status, 0), {"status": status.value})
    silent = sum(run.is_silent for run in Run.objects.filter(status__in=LIVE))
    yield Reading("runs_silent", "Runs that nobody has worked on for a while", silent)
    for beat in Heartbeat.objects.all():
        age = (timezone.now() - beat.beaten_at).total_seconds()
        yield Reading("beat_age_seconds", "Since a periodic task last ran", age, {"task": beat.name})
