"""Two public sets through the whole loop with the embedded judge: how good it is, how fast, and whether rows agree.

All of ``oamine_tags`` and 500 seeded ``explanations``; used for measuring alone. AUROC: the chance that a passing
output gets a higher p(pass) than a failing one; .5 is guessing. The judge is weak, and these figures say how weak:
they have no target but that they are shown.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sklearn.metrics import roc_auc_score

from judge.models import Case, Judgment, Project
from tests.benchmarks.figures import Figure
from tests.data import shared_sets
from tests.flow.steps import answer_all, check_export, import_set, judge_and_check

SHOWN = "shown"
SAMPLES = {"oamine_tags": None, "explanations": 500}
POLICIES: dict[str, dict[str, object]] = {
    "oamine_tags": {"one_person_labels": True, "overlap": 1},  # one expert
    "explanations": {},
}
FIGURES = {
    f"loop.{name}_{what}": SHOWN
    for name in SAMPLES
    for what in ("auroc", "judged", "unscored", "per_minute", "exported")
}


def measure() -> list[Figure]:
    figures: list[Figure] = []
    for name in SAMPLES:
        with tempfile.TemporaryDirectory() as folder:
            figures += run(name, Path(folder))
    return figures


def run(name: str, folder: Path) -> Iterator[Figure]:
    """One set, end to end; raises where a case is judged twice or never, or the export misses a label."""
    if not (shared_sets.FOLDER / name).is_dir():
        raise FileNotFoundError(f"the public set {name} is not in {shared_sets.FOLDER}")
    project = import_set(name, folder, judge="embedded", sample=SAMPLES[name], **POLICIES[name])
    start = time.monotonic()
    judge_and_check(project)
    minutes = (time.monotonic() - start) / 60
    n_cases = Case.objects.filter(project=project).count()
    scored = list(Judgment.objects.filter(case__project=project, label__isnull=False).select_related("case__item"))
    yield auroc(name, project, scored)
    yield Figure(f"loop.{name}_judged", n_cases, "cases", SHOWN, met=True, baseline="each exactly once")
    yield Figure(f"loop.{name}_unscored", n_cases - len(scored), "cases", SHOWN, met=True, baseline=f"of {n_cases}")
    yield Figure(f"loop.{name}_per_minute", round(n_cases / minutes), "cases/min", SHOWN, met=True)
    answer_all(project, name)
    exported = check_export(project, folder)
    yield Figure(f"loop.{name}_exported", exported, "rows", SHOWN, met=True, baseline="= agreed labels in the database")


def auroc(name: str, project: Project, scored: list[Judgment]) -> Figure:
    good, passing = shared_sets.is_good(name), shared_sets.rubric(name).questions[0].labels[0].key
    is_good = [good[row.case.item.identity] for row in scored]
    p_pass = [row.probs[passing] for row in scored]
    accuracy = sum(truth == (p > 0.5) for truth, p in zip(is_good, p_pass, strict=True)) / len(scored)
    commoner = max(is_good.count(True), is_good.count(False)) / len(scored)
    beside = f"guessing .5; accuracy {accuracy:.2f}, of always the commoner label {commoner:.2f}"
    return Figure(f"loop.{name}_auroc", round(float(roc_auc_score(is_good, p_pass)), 3), "AUROC", SHOWN, True, beside)
