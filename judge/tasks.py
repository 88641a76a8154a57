"""Tasks of the court; the schedule stands in judge.settings."""

from celery import shared_task

from judge.actions import (
    calibrations,
    certifications,
    comparison_figures,
    deliveries,
    event_chain,
    export_jobs,
    export_sweeps,
    idempotency,
    retention,
    skills,
    summaries,
    watches,
)


@shared_task
def refresh_skills() -> None:
    """Fit what people's answers are worth, where anybody has answered since."""
    skills.refresh()


@shared_task
def certify(project_id: int, user_id: int, version: int) -> None:
    certifications.work(project_id, user_id, version)


@shared_task
def watch_audits() -> None:
    """Read what people said of accepted cases; an alarm rings here."""
    watches.tend()


@shared_task
def refit_calibrators() -> None:
    """Make candidates where people's labels have reached a declared size."""
    calibrations.refit_all_due()


@shared_task
def refresh_summaries() -> None:
    """Count anew what pages show, where something has moved."""
    summaries.refresh_due()


@shared_task
def count_comparisons(project_id: int) -> None:
    """Count what somebody asked for on the page Compare, without waiting for its turn."""
    comparison_figures.refresh(project_id)


@shared_task
def seal_log() -> None:
    """Put what was written to the audit log into its chains."""
    event_chain.seal_all()


@shared_task
def keep_retention() -> None:
    """Erase texts that projects have kept as long as they said."""
    retention.sweep()


@shared_task
def make_export(job_id: int) -> None:
    """Make an export that somebody asked for on the page."""
    export_jobs.work(job_id)


@shared_task
def sweep_exports() -> None:
    """Ask again for exports whose message was lost."""
    export_sweeps.sweep(send=make_export.delay)


@shared_task
def send_webhooks() -> None:
    """Send what waits in the outbox."""
    deliveries.send_all()


@shared_task
def forget_api_traces() -> None:
    """Replies and messages that nobody asks for any more."""
    idempotency.forget_old()
    deliveries.forget_old()
