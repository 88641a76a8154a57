"""Answers given elsewhere, as tests bring them."""

from __future__ import annotations

from collections.abc import Iterable

from judge.actions import judges
from judge.actions.imported_judgments import JudgmentReport, import_judgments
from judge.actions.imported_people import NOTHING_DECLARED, Declared
from judge.formats.reading import Rejected, Row
from judge.models import Case, Item, Project, Rater
from tests import factories

Line = dict[str, object]


def say(item: object, rater: str, label: str | None, **more: object) -> Line:
    return {"item_id": item, "criterion": "relevance", "rater": rater, "kind": "person", "label": label, **more}


def model_says(item: object, rater: str, label: str | None, **more: object) -> Line:
    return say(item, rater, label, **more) | {"kind": "judge"}


def bring(
    project: Project,
    lines: Iterable[Line],
    declared: Declared = NOTHING_DECLARED,
    problems: list[Rejected] | None = None,
) -> JudgmentReport:
    rows = [Row(number, dict(line)) for number, line in enumerate(lines, 1)]
    found: list[Rejected] = [] if problems is None else problems
    report = import_judgments(project, rows, by=None, reject=found.append, declared=declared, name="file.jsonl")
    if problems is None:
        assert found == []
    return report


def machine_project() -> Project:
    """A project with a judge in force, so that imported items wait for it; all streams open."""
    project = factories.make_project("Machines first")
    rater = Rater.objects.create(kind="machine", name="m", configuration={}, configuration_hash="m" * 64)
    judges.put_in_force(project, [rater], name="m", by=None)
    return project


def relevance(item: Item) -> Case:
    return factories.cases_of(item)["relevance"]
