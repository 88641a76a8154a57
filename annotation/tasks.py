"""Tasks of the people's side; the schedule stands in judge.settings."""

from celery import shared_task

from annotation.actions import assignments, leases


@shared_task
def sweep_leases() -> int:
    """Give back the items of people who left, and end assignments of what is settled."""
    assignments.close_settled()
    return leases.sweep_expired()
