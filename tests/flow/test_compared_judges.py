"""A lead looks at two judges on gold cases before promoting one; a CI gate does the same by exit status."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from judge.actions import comparisons, judges
from judge.models import Item, Judge, Project, Rater
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
