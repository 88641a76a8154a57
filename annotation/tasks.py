"""Tasks of the people's side; the schedule stands in judge.settings."""

from celery import shared_task

from annotation.actions import assignments, leases, quality


@shared_task
def sweep_leases() -> int:
    """Give back the items of people who left, and end assignments of what is settled."""
    assignments.close_settled()
    return leases.sweep_expired()


@shared_task
def count_quality() -> None:
    """Count how people answer, where anybody has answered since."""
    quality.refresh_all()
