"""Why the queue holds nothing for a person."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from annotation.actions import rests, terms
from annotation.actions.submissions import sent_back
from annotation.models import Annotator, Lease
from judge.models import Case, Judgment, Project, User
from judge.rules.stages import Stage


class Empty(StrEnum):
    """Why the queue holds nothing for a person."""

    PAUSED = "paused"
    CAPPED = "capped"
    NOTHING_IMPORTED = "nothing_imported"
    WAITING_FOR_JUDGE = "waiting_for_judge"
    HELD_BY_OTHERS = "held_by_others"
    OUTSIDE_TERMS = "outside_terms"
    ANSWERED_ALL = "answered_all"
    WITH_ADJUDICATOR = "with_adjudicator"
    ALL_DONE = "all_done"

    @property
    def words(self) -> str:
        return {
            Empty.PAUSED: _("A lead has paused your work in this project."),
            Empty.CAPPED: _("You have answered as many items as you may in a day. It opens again at midnight."),
            Empty.OUTSIDE_TERMS: _("Nothing that waits is in your languages and criteria. A lead can widen them."),
            Empty.NOTHING_IMPORTED: _("Nothing has been imported into this project yet."),
            Empty.WAITING_FOR_JUDGE: _("The judge is still reading; nothing waits for people yet."),
            Empty.HELD_BY_OTHERS: _(
                "Other people are working on all that is left. An item comes back here if they let it go."
            ),
            Empty.ANSWERED_ALL: _("You have answered everything that waits. The rest needs other people's eyes."),
            Empty.WITH_ADJUDICATOR: _("All answers are in. The last cases wait for an adjudicator."),
            Empty.ALL_DONE: _("Everything here is decided. Thank you."),
        }[self]


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why there is nothing, with what a lead wrote where one paused the person, and when it opens again."""

    why: Empty
    reason: str = ""
    opens_at: datetime | None = None


def explain(project: Project, *, by: User) -> Nothing:
    """:func:`why_nothing_left` with the particulars that a person is told."""
    key, since = ("why", project.pk, by.pk), time.monotonic()
    known: Nothing | None = rests.recall(key)
    if known is not None:
        return known
    why = why_nothing_left(project, by=by)
    nothing = Nothing(
        why,
        reason=terms.of_person(project, by).pause_reason if why is Empty.PAUSED else "",
        opens_at=terms.last_midnight() + timedelta(days=1) if why is Empty.CAPPED else None,
    )
    rests.remember(key, nothing, since=since)
    return nothing


def why_nothing_left(project: Project, *, by: User) -> Empty:
    """Why a claim found nothing: the person's terms, else what stands in the queue, in one query that stops at the
    first row of each kind."""
    own = terms.of_person(project, by)
    if own.is_paused:
        return Empty.PAUSED
    if own.daily_cap is not None and terms.answered_today(project, by) >= own.daily_cap:
        return Empty.CAPPED
    cases = Case.objects.filter(project=project)
    waiting = cases.filter(stage=Stage.PEOPLE)
    answered = Judgment.objects.filter(case=OuterRef("pk"), rater__user=by, retracted_at=None)
    open_to_them = waiting.filter(~Exists(answered), ~Exists(sent_back(by).filter(case=OuterRef("pk"))))
    found = Project.objects.filter(pk=project.pk).values_list(
        Exists(open_to_them.filter(_within(own), pk__in=_held(project))),
        Exists(open_to_them),
        Exists(waiting),
        Exists(cases.filter(stage=Stage.IMPORTED)),
        Exists(cases.filter(stage=Stage.ADJUDICATION)),
        Exists(cases),
    )[0]
    reasons = (
        Empty.HELD_BY_OTHERS,
        Empty.OUTSIDE_TERMS if own.languages or own.criteria else Empty.HELD_BY_OTHERS,  # held until a moment ago
        Empty.ANSWERED_ALL,
        Empty.WAITING_FOR_JUDGE,
        Empty.WITH_ADJUDICATOR,
        Empty.ALL_DONE,
    )
    return next((reason for reason, is_so in zip(reasons, found, strict=True) if is_so), Empty.NOTHING_IMPORTED)


def _held(project: Project) -> list[int]:
    """The cases that lie on somebody's desk now: a few for each person at work."""
    found = Lease.objects.filter(project=project, closed_at=None).values_list("case_ids", flat=True)
    return [case for cases in found for case in cases]


def _within(own: Annotator) -> Q:
    """Cases within a person's terms, as the claim sees them (claim_sql)."""
    within = Q(criterion__key__in=own.criteria) if own.criteria else Q()
    if own.languages:
        spoken = Q(item__language="") | Q(item__language__in=own.languages)
        for each in own.languages:
            spoken |= Q(item__language__istartswith=f"{each}-") | Q(item__language__istartswith=f"{each}_")
        within &= spoken
    return within
