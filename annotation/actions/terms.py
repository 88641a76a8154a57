"""A person's terms of work in a project: languages, criteria, a cap for each day, a pause. Leads set them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.models import Annotator, Submission
from judge.actions import events, rubrics
from judge.errors import InputError
from judge.models import Project, User

#: A cap above this is no cap.
MOST = 100_000


def of_person(project: Project, person: User) -> Annotator:
    """The person's terms; without limits where none were set."""
    found = Annotator.objects.filter(project=project, person=person).first()
    return found or Annotator(project=project, person=person)


def answered_today(project: Project, person: User) -> int:
    """How many items the person answered since midnight: their own rows in one small index range."""
    own = Submission.objects.filter(project=project, person=person, created_at__gte=last_midnight())
    return own.filter(corrects=None).count()


def all_today(project: Project, people: Collection[User]) -> dict[int, int]:
    """The same of many people, by their ids."""
    found = Submission.objects.filter(project=project, person__in=people, created_at__gte=last_midnight())
    return dict(found.filter(corrects=None).order_by().values_list("person").annotate(n=Count("pk")))


def last_midnight() -> datetime:
    """The beginning of today where the installation stands (COJUDGE_TIME_ZONE)."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


@transaction.atomic
def set_terms(
    project: Project,
    person: User,
    *,
    languages: Collection[str] = (),
    criteria: Collection[str] = (),
    daily_cap: int | None = None,
    by: User | None,
) -> Annotator:
    """What the person is given from now on; an empty collection limits nothing. What lies on their desk stays theirs.

    Raises InputError for a criterion that the rubric in force does not ask, and for a cap that allows nothing.
    """
    spoken = sorted({primary(each) for each in languages} - {""})
    known = {each.key for each in rubrics.criteria_in_force(project)}
    if strange := sorted(set(criteria) - known):
        raise InputError(
            _("the rubric does not ask “%(key)s”") % {"key": strange[0]}, expected=", ".join(sorted(known))
        )
    if daily_cap is not None and not 1 <= daily_cap <= MOST:
        raise InputError(_("a cap of %(n)s items") % {"n": daily_cap}, expected=f"1 … {MOST}")
    # looking anew from the head of the queue: what they were not given before may stand there
    changed = {"languages": spoken, "criteria": sorted(criteria), "daily_cap": daily_cap}
    found, _is_new = Annotator.objects.update_or_create(
        project=project, person=person, defaults=changed | {"looked_at": None}
    )
    events.note(project, "terms set", by=by, subject=f"user:{person.pk}", **changed)
    return found


def pause(project: Project, person: User, reason: str, *, by: User | None) -> None:
    """Give the person nothing new until :func:`resume`. They are told the reason; what lies on their desk they may
    finish. Raises InputError without a reason."""
    if not reason.strip():
        raise InputError(_("no reason is given"), expected=_("a few words that the person will read"))
    _set_pause(project, person, reason.strip()[:200], by=by)


def resume(project: Project, person: User, *, by: User | None) -> None:
    """Let a paused person go on."""
    _set_pause(project, person, "", by=by)


@transaction.atomic
def _set_pause(project: Project, person: User, reason: str, *, by: User | None) -> None:
    now = {"is_paused": bool(reason), "pause_reason": reason}
    Annotator.objects.update_or_create(project=project, person=person, defaults=now)
    told = {"reason": reason} if reason else {}
    events.note(project, "paused" if reason else "resumed", by=by, subject=f"user:{person.pk}", **told)


def primary(language: str) -> str:
    """The language without its region or script.

    >>> primary(" zh-Hans "), primary("en_US")
    ('zh', 'en')
    """
    return language.strip().lower().replace("_", "-").split("-")[0]
