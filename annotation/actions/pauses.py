"""Whoever answers gold questions wrong too often is paused until a lead has talked with them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from annotation.actions import terms
from annotation.models import Annotator
from annotation.rules.measuring import LATEST_GOLD, is_below
from judge.actions import events
from judge.models import AgreedLabel, Judgment, Project, Purpose, Rater, User
from judge.stats.intervals import wilson


def heed_gold(project: Project, person: User, rater: Rater) -> bool:
    """Pause the person where their latest gold answers are surely below the policy's limit; whether it did.

    An event tells leads, and the pages Quality and People show it. Answers given before the last pause ended do not
    count again.
    """
    assert project.policy is not None
    if project.policy.gold_limit is None:
        return False
    right, n = _latest(project, person, rater)
    interval = wilson(right, n)
    if interval is None or not is_below(interval.high, n, project.policy.gold_limit):
        return False
    reason = _("Your answers to questions with a known answer differ too often. A lead will talk with you.")
    if not Annotator.objects.filter(project=project, person=person, is_paused=True).exists():
        terms.pause(project, person, reason, by=None)
        events.note(project, "paused by gold questions", by=None, subject=f"user:{person.pk}", right=right, n=n)
    return True


def _latest(project: Project, person: User, rater: Rater) -> tuple[int, int]:
    """How many of the person's latest gold answers since they were last let go on are right, and how many there are."""
    answers = Judgment.objects.filter(
        rater=rater, case__project=project, purpose=Purpose.GOLD_QUESTION, retracted_at=None, label__isnull=False
    )
    if since := _resumed(project, person):
        answers = answers.filter(created_at__gt=since)
    said = dict(answers.order_by("-created_at", "-pk").values_list("case_id", "label")[:LATEST_GOLD])
    right = dict(
        AgreedLabel.objects.filter(case__in=said, status=AgreedLabel.Status.LIVE).values_list("case_id", "label")
    )
    known = [case for case in said if case in right]
    return sum(said[case] == right[case] for case in known), len(known)


def _resumed(project: Project, person: User) -> object:
    """When a lead last let the person go on."""
    found = project.events.filter(verb="resumed", subject=f"user:{person.pk}").order_by("-pk")
    return found.values_list("created_at", flat=True).first()
