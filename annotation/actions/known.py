"""Questions whose answer is known: they come to a person among their work, look like it, and count for nothing else.

Gold questions and training ask what an adjudicator has decided; a repeat asks what the person has answered before; a
case shown first is asked with the judge's view beside it. Each is served by a lease without a seat
(``Lease.known_ids``), so none of them takes work from anybody, and its answers are no votes: they settle nothing, and
no calibrator or skill table reads them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from annotation.actions import known_sql, leases, terms
from annotation.models import Annotator, Lease, Submission
from annotation.rules.measuring import REPEAT_AFTER, drawn
from judge.actions import bulk, rubrics
from judge.actions.prepared import fetch_row
from judge.models import Project, User
from judge.rules import queueing

#: Nobody can foresee which of their items is one.
_RANDOM = random.SystemRandom()
#: (project, person, items of training) of whom this process knows that they are through.
_TRAINED: set[tuple[int, int, int]] = set()

Kind = Lease.Kind
#: Kinds after which the person is told the right label.
TAUGHT = frozenset({Kind.TRAINING, Kind.TAUGHT_QUESTION})
STATEMENTS: Mapping[Kind, str] = {
    Kind.GOLD_QUESTION: known_sql.GOLD,
    Kind.TAUGHT_QUESTION: known_sql.GOLD,
    Kind.TRAINING: known_sql.GOLD,
    Kind.REPEAT: known_sql.REPEAT,
    Kind.SHOWN_FIRST: known_sql.SHOWN_FIRST,
}


def claim(project: Project, *, by: User) -> Lease | None:
    """The person's next item, as :func:`annotation.actions.leases.claim` gives it, or sometimes a known one."""
    kind = _wanted(project, by)
    if kind is not None:
        offer(project, kind, by)
    return leases.claim(project, by=by)


def is_newcomer(project: Project, person: User) -> bool:
    """Whether the person is in training: they have submitted fewer items here than the policy teaches at first."""
    assert project.policy is not None
    n = project.policy.training_items
    if not n or (project.pk, person.pk, n) in _TRAINED:
        return False
    done = Submission.objects.filter(project=project, person=person, corrects=None)[:n].count()
    if done >= n:
        _TRAINED.add((project.pk, person.pk, n))
    return done < n


def _wanted(project: Project, by: User) -> Kind | None:
    """What the next item shall be; None for work. No query, unless the project trains newcomers."""
    assert project.policy is not None
    policy = project.policy
    if is_newcomer(project, by):
        return Kind.TRAINING
    gold = Kind.TAUGHT_QUESTION if policy.teaches_gold else Kind.GOLD_QUESTION
    rates = {
        gold: policy.gold_question_rate,
        Kind.REPEAT: policy.repeat_rate,
        Kind.SHOWN_FIRST: policy.shown_first_rate if project.judge_id else 0.0,
    }
    return drawn(_RANDOM.random(), rates)


def offer(project: Project, kind: Kind, by: User) -> bool:
    """Open a lease on such an item, where there is one and the person may take any; the claim resumes it."""
    assert project.policy is not None
    own = terms.of_person(project, by)
    if own.is_paused or (own.daily_cap is not None and terms.answered_today(project, by) >= own.daily_cap):
        return False
    row = fetch_row(
        STATEMENTS[kind],
        project=project.pk,
        person=by.pk,
        kind=kind.value,
        minutes=project.policy.lease_minutes,
        judge=project.judge_id if kind == Kind.SHOWN_FIRST else None,
        place=_RANDOM.random(),
        until=timezone.now() - REPEAT_AFTER,
        tier=queueing.MEASURING,
        **_within(project, own),
    )
    return bool(row and row[0])


def _within(project: Project, own: Annotator) -> dict[str, Any]:
    """The person's criteria among those of the rubric in force, and their languages."""
    asked = [each.pk for each in rubrics.criteria_in_force(project) if not own.criteria or each.key in own.criteria]
    return {"criteria": bulk.array(asked), "languages": own.languages or None}
