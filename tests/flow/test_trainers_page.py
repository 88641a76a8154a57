"""The page for trainers does what it says: its snippets run one after the other on real exports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from judge.actions import exports, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.models import Project, User
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "trainers.md"
SNIPPETS = re.findall(r"^### (.+?)\n+```python\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture
def snapshots(project: Project, ann: User, ben: User, tmp_path: Path) -> Path:
    """Two exports: between them one label of item 0 changes and item 5 is labelled. Generator g1 passes less often."""
    lines = [
        {"id": f"i{n}", "context": f"person {n}", "output": f"tag {n}", "generator": f"g{n % 2}"} for n in range(6)
    ]
    made = factories.import_items(project, lines=lines)
    for n, item in enumerate(made[:5]):
        answer(item, "weak" if n % 2 else "fits", ann, ben)
    exports.export(project, "labels", tmp_path / "earlier", by=None, even_so=True)
    case = factories.cases_of(made[0])["relevance"]
    for person in (ann, ben):
        judgments.correct([NewJudgment(case.pk, "weak")], rater=projects.rater_of(person), by=person)
    answer(made[5], "weak", ann, ben)
    exports.export(project, "labels", tmp_path / "out", by=None, even_so=True)
    return tmp_path


def answer(item: Any, relevance: str, *people: User) -> None:
    for key, label in (("relevance", relevance), ("specificity", "concrete")):
        case = factories.cases_of(item)[key]
        for person in people:
            judgments.record([NewJudgment(case.pk, label)], rater=projects.rater_of(person), by=person)


def test_the_five_questions_are_answered(
    snapshots: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(snapshots)
    names: dict[str, Any] = {}
    said = []
    for _, snippet in SNIPPETS:
        exec(snippet, names)
        said.append(capsys.readouterr().out)
    counted, quality, generators, changes, doubted = said
    assert re.search(r"relevance +6", counted)
    assert re.search(r"between 0\.0% and \d+\.\d% of 12 labels disagree with people", quality)
    assert "consensus · relevance: 6 labels, people's own" in quality
    assert re.search(r"relevance, g0: 66\.7% pass \(\d.+?%, n = 3\)", generators)
    assert re.search(r"relevance, g1: 0\.0% pass", generators)
    assert "2 new, 0 gone, 1 changed" in changes
    assert re.search(r"i0 +relevance +fits +weak", changes)
    assert "p_wrong <= 0.10: 12 of 12 labels, 0.7 wrong expected" in doubted, "two people of equal skill: 12 · 1/17"


def test_the_page_has_five_questions() -> None:
    assert len(SNIPPETS) == 5
