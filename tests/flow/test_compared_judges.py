"""A lead looks at two judges on gold cases before promoting one; a CI gate does the same by exit status."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import QuerySet

from judge.actions import comparisons, judges
from judge.models import AgreedLabel, Case, Item, Judge, Project, Rater
from judge.models.append_only import moving
from tests.flow.imported import World
from tests.flow.test_certified_imports import bring

pytestmark = pytest.mark.django_db(transaction=True)


def run(*words: str) -> tuple[int, str]:
    said = StringIO()
    try:
        call_command(*words, stdout=said)
    except SystemExit as end:
        return int(end.code or 0), said.getvalue()
    return 0, said.getvalue()


@pytest.fixture
def two(tmp_path: Path) -> tuple[Judge, Judge]:
    """A weak judge and a strong one, on a project whose people's answers are the reference."""
    skills = (("weak", 0.75, 0.5), ("strong", 0.99, 0.9))
    project, _ = bring(World(skills=skills, n_labelled=1500), tmp_path, reference="single")
    weak, strong = (
        judges.make(project, [Rater.objects.get(project=project, name=name)], name=name, by=None)
        for name in ("weak", "strong")
    )
    return weak, strong


def test_better_judge_is_seen_on_gold_cases_alone(two: tuple[Judge, Judge]) -> None:
    (found,) = comparisons.compare(*two)
    assert found.paired is not None
    n_gold = Item.objects.filter(project=two[0].project, stream="gold").count()
    assert 0 < found.paired.n <= n_gold
    assert found.paired.low > 0
    assert found.second.n_right > found.first.n_right
    assert found.first.passed[1] + found.first.stopped[1] == found.paired.n


def test_gate_fails_for_a_worse_judge_only(two: tuple[Judge, Judge]) -> None:
    weak, strong = (str(each.version) for each in two)
    code, said = run("compare_judges", "elsewhere", weak, strong)
    assert code == 0
    assert "gained" in said
    assert run("compare_judges", "elsewhere", strong, weak)[0] == 1


def test_gate_tells_rates_kappa_and_coverage_with_intervals(two: tuple[Judge, Judge]) -> None:
    (found,) = comparisons.compare(*two)
    assert (found.second.tpr.n_hits, found.second.tpr.n) == found.second.passed
    assert found.first.tnr.low < found.first.stopped[0] / found.first.stopped[1] < found.first.tnr.high
    assert found.kappa is not None
    assert 0 < found.kappa.low < found.kappa.gain < found.kappa.high
    assert found.coverage is not None
    assert found.coverage.second > found.coverage.first
    weak, strong = (str(each.version) for each in two)
    _, said = run("compare_judges", "elsewhere", weak, strong)
    for words in (
        r"lets \d+ of \d+ good ones pass \(\d+\.\d%, 95 % from",
        "kappa with people: 0",
        "could accept with at most 10%",
        "first: what a case costs is not known",
    ):
        assert re.search(words, said), said


def test_what_proves_a_judge_compares_none(two: tuple[Judge, Judge]) -> None:
    """Certify cases and audited ones are many here, and all of them would speak for the other judge."""
    weak, strong = two
    before = comparisons.compare(weak, strong)
    cases = Case.objects.filter(project=weak.project, agreed_labels__status="live").exclude(item__stream="gold")
    assert cases.filter(item__stream="certify").count() > 100
    assert cases.filter(item__stream="train").update(is_reference=True) > 100, "as audited ones are"
    turned = [(label, "weak" if label.label == "fits" else "fits") for label in _labels_of(cases)]
    with transaction.atomic(), moving(AgreedLabel):
        AgreedLabel.objects.filter(pk__in=[old.pk for old, _ in turned]).update(status="withdrawn")
        AgreedLabel.objects.bulk_create(
            AgreedLabel(case_id=old.case_id, criterion_id=old.criterion_id, label=other, basis="adjudicated",
                        n_people=1, probs={}, supersedes=old)
            for old, other in turned
        )  # fmt: skip
    assert comparisons.compare(weak, strong) == before


def _labels_of(cases: QuerySet[Case]) -> list[AgreedLabel]:
    return list(AgreedLabel.objects.filter(case__in=cases, status="live"))


def test_judge_is_not_compared_with_itself_nor_with_one_that_is_not_there(two: tuple[Judge, Judge]) -> None:
    for second in (str(two[0].version), "99"):
        with pytest.raises(CommandError):
            call_command("compare_judges", "elsewhere", str(two[0].version), second)


def test_judges_without_common_gold_cases_are_told_so(tmp_path: Path) -> None:
    project, _ = bring(World(skills=(("a", 0.9, 0.6), ("b", 0.9, 0.6)), n=60, n_labelled=0), tmp_path)
    assert Project.objects.get() == project
    for name in ("a", "b"):
        judges.make(project, [Rater.objects.get(project=project, name=name)], name=name, by=None)
    code, said = run("compare_judges", "elsewhere", "1", "2")
    assert code == 0
    assert "no gold case" in said
