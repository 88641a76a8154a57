"""Tasks of the court; the schedule stands in judge.settings."""

from celery import shared_task

from judge.actions import skills


@shared_task
def refresh_skills() -> None:
    """Fit what people's answers are worth, where anybody has answered since."""
    skills.refresh()
