"""Hands runs to background workers, and says what to start where there are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from celery import current_app
from django.utils import timezone
from kombu.exceptions import ChannelError

from judge.actions import queues
from judge.errors import InputError
from llm_judge.actions import runs
from llm_judge.models import Heartbeat, Run

Send = Callable[[int, list[int]], object]

JUDGE_QUEUE = "judge"
#: The queues that a run needs, and what their usual worker takes from.
QUEUES = {JUDGE_QUEUE: "judge", "interactive": "interactive,export"}


#: Without progress for so long, workers are asked whether any of them is still on a run.
QUIET = timedelta(seconds=10)


def enqueue(run: Run) -> None:
    """Wake a worker for this run. Raises ServiceError where no broker is set or it does not answer; the run then
    stays queued and the sweeper takes it up as soon as there is one."""
    queues.send("llm_judge.tasks.start_run", run.pk)


def begin(run_id: int, *, send: Send) -> None:
    """Send a queued run to the workers, batch by batch."""
    run = Run.objects.select_related("project", "judge").filter(pk=run_id).first()
    if run is not None and runs.begin(run):
        send_batches(run, send=send)


def sweep(*, send: Send, ask: Callable[[], set[int] | None] | None = None) -> None:
    """Finish or send again what has had no progress for a while, unless it only waits for its turn in the queue.

    A run that is quiet for moments only is sent again where workers answer (``ask``: the runs they are on) and none has
    it: then its messages were lost, with a broker or with a worker that was killed.
    """
    Heartbeat.objects.update_or_create(name="sweep runs", defaults={"beaten_at": timezone.now()})
    quiet = runs.silent_runs(QUIET)
    if not quiet or n_waiting():
        return
    for run in _lost(quiet, ask or runs_under_way):
        if run.status == Run.Status.QUEUED:
            begin(run.pk, send=send)
        elif runs.advance(run).is_live and not runs.is_resting(run):
            send_batches(run, send=send)


def _lost(quiet: Sequence[Run], ask: Callable[[], set[int] | None]) -> list[Run]:
    if all(run.is_silent for run in quiet):
        return list(quiet)
    known = ask()
    return [run for run in quiet if run.is_silent or (known is not None and run.pk not in known)]


def runs_under_way() -> set[int] | None:
    """The runs that workers say they are on; None where no worker answers."""
    found = [queues.tasks_under_way(f"llm_judge.tasks.{name}") for name in ("judge_batch", "start_run")]
    return None if None in found else {int(args[0]) for tasks in found for args in tasks or () if args}


def send_batches(run: Run, *, send: Send) -> int:
    n_sent = 0
    for batch in runs.batches(run):
        send(run.pk, batch)
        n_sent += 1
    if not n_sent:
        runs.advance(run)
    return n_sent


def n_waiting() -> int:
    """Messages that no worker has taken yet."""
    with current_app.connection_for_read() as connection:
        channel: Any = connection.default_channel
        try:
            return int(channel.queue_declare(JUDGE_QUEUE, passive=True).message_count)
        except ChannelError:  # nothing was ever sent
            return 0


def check_workers() -> None:
    """Raise InputError, with what to start, unless workers answer and take from every queue that a run needs."""
    if not queues.worker_names():
        raise InputError("no worker answers on the queue", next_step=how_to_start(QUEUES))
    idle = QUEUES.keys() - queues.queues_served()
    if idle:
        raise InputError(f"no worker takes from the queue {' and '.join(sorted(idle))}", next_step=how_to_start(idle))


def how_to_start(names: Iterable[str]) -> str:
    """What to type so that these queues are served."""
    return " and ".join(f"Start one with: celery -A judge worker -Q {QUEUES[each]} -n {each}@%h" for each in names)
