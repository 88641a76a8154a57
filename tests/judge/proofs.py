"""Certificates as rows, for tests of what pages and actions make of them; how they are earned is tested elsewhere."""

from __future__ import annotations

from typing import Any

from judge.actions import judges, rubrics
from judge.models import AuditWatch, Certificate, Frame, Judge, Project, Rater

FIGURES = {
    "accepted": {"fits": 200, "weak": 50}, "errors": {"fits": 8, "weak": 2}, "majority_label": "fits",
    "majority_share": 0.62, "start": 0.2, "level": 0.0152, "n_unscored": 3,
}  # fmt: skip


def make_judge(project: Project, name: str = "house") -> Judge:
    rater = Rater.objects.create(
        kind="machine", name=name, configuration={"model": name}, configuration_hash=f"{project.pk} {name}"
    )
    return judges.make(project, [rater], name=name, by=None)


def certify(project: Project, key: str, *, judge: Judge | None = None, **changes: Any) -> Certificate:
    """A certificate of the judge in force (made where there is none), watched by an audit."""
    if judge is None and project.judge is None:
        first = make_judge(project)
        first.project = project
        judges.promote(first, by=None)
    said: dict[str, Any] = {
        "alpha": 0.10, "delta": 0.10, "delta_spent": 0.0608, "judges_tested": 1, "threshold": 0.8125, "n": 400,
        "n_accepted": 250, "n_errors": 10, "coverage": 0.625, "scope": "contexts", "reference": "three",
        "state": "certified", "figures": FIGURES, "frames": [_frame(project).pk], "grid": [0.9, 0.8125],
    }  # fmt: skip
    (criterion,) = (each for each in rubrics.criteria_in_force(project) if each.key == key)
    row: Certificate = Certificate.objects.create(
        project=project, criterion=criterion, judge=judge or project.judge, policy=project.policy, **(said | changes)
    )
    if row.state == "certified":
        AuditWatch.objects.create(certificate=row)
    return row


def fail(project: Project, key: str, **changes: Any) -> Certificate:
    """A test that certified nothing. Its counts are planted: no page may show them."""
    said = {"state": "uncertified", "threshold": None, "n": 4321, "n_accepted": 0, "n_errors": 0, "coverage": 0.0}
    return certify(project, key, **(said | {"figures": {}} | changes))


def _frame(project: Project) -> Frame:
    found, _ = Frame.objects.get_or_create(
        project=project, name="spring", defaults={"train_rate": 0.1, "certify_rate": 0.2, "gold_rate": 0.1}
    )
    return found
