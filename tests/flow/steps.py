"""A public set on its way through the product: import, judge, people, export."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from django.core.management import call_command

from judge.actions import judgments, projects
from judge.actions.judgments import NewJudgment
from judge.models import AgreedLabel, Case, Decision, Judgment, Project, Verdict
from tests import factories
from tests.data import shared_sets


def import_set(name: str, folder: Path, *, judge: str, sample: int | None = None, **policy: object) -> Project:
    shared_sets.need(name)
    project = factories.make_project(name, rubric=shared_sets.rubric(name), judge=judge, **policy)
    n_lines = shared_sets.write_items(name, folder / "items.jsonl", sample=sample)
    call_command("import_items", project.slug, str(folder / "items.jsonl"))
    assert project.items.count() == n_lines
    assert set(project.cases.values_list("stage", flat=True)) == {"imported"}, "nobody decides before the judge spoke"
    return project


def judge_and_check(project: Project) -> None:
    """Judge everything: each case once, each with a verdict and a decision that sends it to people."""
    call_command("judge_items", project.slug)
    n_cases = Case.objects.filter(project=project).count()
    per_case = Counter(Judgment.objects.filter(case__project=project).values_list("case_id", flat=True))
    assert (len(per_case), set(per_case.values())) == (n_cases, {1})
    assert Verdict.objects.filter(case__project=project, judge=project.judge).count() == n_cases
    reasons = Counter(
        Decision.objects.filter(case__project=project, judge=project.judge).values_list("route", "reason")
    )
    assert sum(reasons.values()) == n_cases
    assert set(reasons) <= {("people", "no_certificate"), ("people", "unscored")}


def answer_all(project: Project, name: str) -> None:
    """The set's people answer every case, each in one go."""
    cases = dict(Case.objects.filter(project=project).values_list("item__identity", "pk"))
    for annotator, labels in shared_sets.answers(name).items():
        user = factories.make_user(annotator)
        new = [NewJudgment(cases[item], label) for item, label in labels.items() if item in cases]
        for start in range(0, len(new), 500):
            judgments.record(new[start : start + 500], rater=projects.rater_of(user), by=user)


def check_export(project: Project, folder: Path, *words: str) -> int:
    call_command("export_labels", project.slug, "--output", str(folder), *words)
    exported = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    assert len(exported) == AgreedLabel.objects.filter(case__project=project, status="live").count()
    assert {row["judge_version"] for row in exported} == {"1"}
    unscored = Verdict.objects.filter(case__project=project, label=None).count()
    assert sum(row["confidence"] is None for row in exported) <= unscored, "each label tells how sure the judge was"
    return len(exported)
