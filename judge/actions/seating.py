"""Which judge is to be certified: the one in force, a named candidate, or a panel of raters that judged elsewhere."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef

from judge.actions import judges
from judge.errors import InputError
from judge.models import AgreedLabel, Judge, Judgment, Project, Purpose, Rater, User, Verdict
from judge.rules.settling import Basis
from judge.rules.streams import Stream

#: An imported rater sits in the panel if it answered this share of what the busiest of them answered: one without an
#: answer leaves the whole verdict unscored.
MOST_OF = 0.9


def judge_to_certify(project: Project, *, version: int | None = None, by: User | None) -> Judge:
    """The judge of ``version``; without one the judge in force, if it has said anything, else a panel of the imported
    machine raters, which is then put in force. Raises InputError where there is none of these."""
    if version is not None:
        found = Judge.objects.filter(project=project, version=version).first()
        if found is None:
            raise InputError(f"there is no judge {version}", where=project.slug, expected=_versions(project))
        return _of(project, found)
    if project.judge is not None and Verdict.objects.filter(judge=project.judge).exists():
        return _of(project, project.judge)
    if raters := imported_raters(project):
        return judges.put_in_force(project, raters, name=_name(raters), by=by)
    if not project.items.exists():
        raise InputError(f"{project.name} has no items yet", next_step="Import some first.")
    raise InputError(
        f"no judge has spoken in {project.name}",
        next_step=f"Run: manage.py judge_items {project.slug}, or bring verdicts with manage.py import_judgments.",
    )


def _of(project: Project, judge: Judge) -> Judge:
    """The judge, holding the caller's own project: a promotion changes that one."""
    judge.project = project
    return judge


def imported_raters(project: Project) -> list[Rater]:
    """Machine raters whose answers were imported, those with nearly all the answers; of too many for one judge, those
    that people's labels of the train stream agree with most."""
    answers = Judgment.objects.filter(rater=OuterRef("pk"), purpose=Purpose.IMPORTED, retracted_at=None)
    found = Rater.objects.filter(Exists(answers), project=project, kind=Rater.Kind.MACHINE)
    counts = dict(
        Judgment.objects.filter(rater__in=found, purpose=Purpose.IMPORTED, retracted_at=None, label__isnull=False)
        .values_list("rater")
        .annotate(n=Count("pk"))
    )
    busiest = max(counts.values(), default=0)
    steady = [rater for rater in found.order_by("pk") if counts.get(rater.pk, 0) >= MOST_OF * busiest > 0]
    if len(steady) <= judges.MOST_RATERS:
        return steady
    right = _agreement(steady)
    best = sorted(steady, key=lambda rater: (-right.get(rater.pk, 0), rater.pk))[: judges.MOST_RATERS]
    return sorted(best, key=lambda rater: rater.pk)


def _agreement(raters: list[Rater]) -> dict[int, int]:
    """On how many train cases each rater says what people agreed on."""
    agreed = AgreedLabel.objects.filter(
        case=OuterRef("case"), label=OuterRef("label"), status=AgreedLabel.Status.LIVE
    ).exclude(basis=Basis.JUDGE)
    said = Judgment.objects.filter(
        Exists(agreed), rater__in=raters, purpose=Purpose.IMPORTED, retracted_at=None, case__item__stream=Stream.TRAIN
    )
    return dict(said.values_list("rater").annotate(n=Count("pk")))


def _name(raters: list[Rater]) -> str:
    return raters[0].name if len(raters) == 1 else f"panel of {len(raters)} imported raters"


def _versions(project: Project) -> str:
    known = Judge.objects.filter(project=project).order_by("version").values_list("version", flat=True)
    return ", ".join(map(str, known)) or "one that was made"
