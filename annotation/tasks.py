"""Tasks of the people's side; the schedule stands in judge.settings."""

from celery import shared_task

from annotation.actions import leases


@shared_task
def sweep_leases() -> int:
    """Give back the items of people who left."""
    return leases.sweep_expired()
