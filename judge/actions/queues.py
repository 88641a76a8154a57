"""The way to background workers: whether there is a queue, who takes from it, and messages by the name of a task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from celery import current_app
from django.conf import settings
from kombu.exceptions import ChannelError, OperationalError

from judge.errors import ServiceError


def send(task: str, *ids: int) -> None:
    """Put a message into the queue. Raises ServiceError where there is none or the broker does not answer."""
    check_broker()
    try:
        with current_app.connection_for_write() as fresh:  # one that a pool kept may be of a broker that is gone
            current_app.send_task(task, ids, retry=False, connection=fresh)
    except OperationalError as error:
        raise _silence(error) from error


def check_broker() -> None:
    """Raise ServiceError where no queue is set up."""
    if not settings.BROKER_URL:
        raise ServiceError(
            "No queue is set up here (BROKER_URL is empty), so nobody would take the work up. "
            "Run manage.py judge_items, certify or fit_student instead, or start everything with `make demo`."
        )


def worker_names(timeout: float = 2.0) -> list[str]:
    """The workers that answer now. Raises ServiceError where there is no broker to ask."""
    check_broker()
    try:
        replies = current_app.control.ping(timeout=timeout) or []
    except (OSError, OperationalError) as error:
        raise _silence(error) from error
    return sorted(name for reply in replies for name in reply)


def queues_served(timeout: float = 2.0) -> set[str]:
    """The queues from which some worker takes now."""
    answers = current_app.control.inspect(timeout=timeout).active_queues() or {}
    return {queue["name"] for queues in answers.values() for queue in queues}


def tasks_under_way(name: str, timeout: float = 1.0) -> list[list[Any]] | None:
    """The arguments of the tasks of that name that workers do or have taken; None where no worker answers."""
    asked = current_app.control.inspect(timeout=timeout)
    doing, taken = asked.active(), asked.reserved()
    if doing is None or taken is None:
        return None
    tasks = [task for found in (doing, taken) for of_worker in found.values() for task in of_worker]
    return [list(task["args"]) for task in tasks if task["name"] == name]


def find_lost(task: str, queue: str, ids: list[int]) -> list[int]:
    """Those of the ids for which no message waits and no worker is on the task; none where nobody can be asked."""
    if not ids or not settings.BROKER_URL:
        return []
    waiting = lengths((queue,))
    if waiting is None or waiting[queue]:
        return []
    known = tasks_under_way(task)
    return [] if known is None else [each for each in ids if [each] not in known]


def lengths(names: Sequence[str], timeout: int = 2) -> dict[str, int] | None:
    """How many messages wait in these queues; None where the broker does not answer."""
    try:
        with current_app.connection_for_read(connect_timeout=timeout) as broker:
            broker.ensure_connection(max_retries=1, timeout=timeout)
            return {name: _length(broker.channel(), name) for name in names}
    except (OSError, OperationalError):
        return None


def _length(channel: Any, name: str) -> int:
    try:
        return int(channel.queue_declare(name, passive=True).message_count)
    except ChannelError:  # nothing was ever sent
        return 0


def _silence(error: BaseException) -> ServiceError:
    name = type(error.__cause__ or error).__name__
    return ServiceError(f"The broker at BROKER_URL does not answer ({name}). Is it running?")
