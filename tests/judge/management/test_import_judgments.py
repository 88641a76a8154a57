"""The command, on files as teams bring them, and on public sets."""

from __future__ import annotations

import csv
import json
import resource
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from judge.actions import judges
from judge.formats.rubrics import read_rubric
from judge.models import AgreedLabel, Item, Judgment, Project, Rater, Verdict
from tests import factories
from tests.data import shared_sets

pytestmark = pytest.mark.django_db

CHOICE = """
name: which is better
task: custom
criteria:
  - key: better
    question: Which one is better?
    kind: preference
    scale: [{key: "1"}, {key: "2"}, {key: tie}]
"""


def run(project: Project, path: Path, *options: str) -> str:
    out = StringIO()
    call_command("import_judgments", project.slug, str(path), *options, stdout=out)
    return out.getvalue()


def write(path: Path, lines: Iterable[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def line(item: str, rater: str, label: str, kind: str = "person") -> dict[str, object]:
    return {"item_id": item, "criterion": "relevance", "rater": rater, "kind": kind, "label": label}


def test_the_report_tells_what_went_in(project: Project, tmp_path: Path) -> None:
    factories.import_items(project, n=2)
    lines = [line("item-0", "Ann", "fits"), line("item-0", "Ben", "fits"), line("item-1", "gpt", "weak", "judge")]
    path = write(tmp_path / "answers.jsonl", [*lines, line("item-7", "Ann", "fits"), lines[0] | {"score": 3}])
    said = run(project, path)
    assert "5 lines read · 3 new answers of 2 people and 1 judges · 1 known already · 1 rejected" in said
    assert "1 cases agreed by people" in said
    assert "columns not used: score" in said
    rejected = [json.loads(each) for each in (tmp_path / "answers.jsonl.rejected.jsonl").read_text().splitlines()]
    assert "line 4" in rejected[0]["problem"]


def test_a_spreadsheet_is_taken_as_it_is(project: Project, tmp_path: Path) -> None:
    factories.import_items(project)
    path = tmp_path / "sheet.csv"
    with path.open("w", newline="") as file:
        rows = [
            ["item_id", "criterion", "rater", "kind", "label", "probs", "confidence"],
            ["item-0", "relevance", "Ann", "person", "Fits", "", ""],
            ["item-0", "relevance", "gpt", "judge", "weak", '{"fits": 0.25, "weak": 0.75}', "0.75"],
        ]
        csv.writer(file).writerows(rows)
    run(project, path)
    assert set(Judgment.objects.values_list("label", "confidence")) == {("fits", None), ("weak", 0.75)}


def test_raters_of_two_origins_are_two_raters(project: Project, tmp_path: Path) -> None:
    factories.import_items(project)
    path = write(tmp_path / "a.jsonl", [line("item-0", "Ann", "fits")])
    run(project, path, "--origin", "Label Studio")
    run(project, path, "--origin", "Langfuse")
    assert Rater.objects.count() == 2


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--rates", "0.4", "0.5", "0.1"], "--rates without --sample random"),
        (["--sample", "random", "--rates", "0.4", "0.5", "0"], "rates of a sample"),
        (["--sample", "random", "--rates", "2", "0", "-1"], "rates"),
        (["--origin", ""], "the origin is"),
    ],
)
def test_options_that_cannot_be_are_refused_in_words(
    project: Project, tmp_path: Path, options: list[str], told: str
) -> None:
    path = write(tmp_path / "a.jsonl", [line("item-0", "Ann", "fits")])
    with pytest.raises(CommandError, match=told):
        run(project, path, *options)


def test_a_file_that_breaks_off_leaves_nothing_behind(project: Project, tmp_path: Path) -> None:
    factories.import_items(project)
    path = tmp_path / "a.csv"
    path.write_text("item_id,item_id\n")
    with pytest.raises(CommandError, match=r"two columns are named .*Nothing of this file went in"):
        run(project, path)
    with pytest.raises(CommandError, match=r"cannot be opened.*Nothing of this file went in"):
        run(project, tmp_path / "missing.jsonl")


# Public sets


def project_of(name: str, rubric: str | None = None) -> Project:
    """A project with the set's items; people only."""
    shared_sets.need(name)
    project = factories.make_project(
        name, rubric=read_rubric(rubric, filename="r") if rubric else shared_sets.rubric(name)
    )
    factories.import_items(project, lines=(
        {"id": row["id"], "context": row["context"], "output": row["output"]} for row in shared_sets.rows(name, "items")
    ))  # fmt: skip
    return project


def people(name: str) -> Iterable[dict[str, object]]:
    for row in shared_sets.rows(name, "human_labels"):
        yield {"item_id": row["item_id"], "rater": row["annotator"], "kind": "person", "label": row["label"]}


def machines(name: str) -> Iterable[dict[str, object]]:
    for row in shared_sets.rows(name, "judge_labels"):
        told = {key: row[key] for key in ("label", "rationale") if key in row}
        yield {"item_id": row["item_id"], "rater": row["judge"], "kind": "judge", **told}


@pytest.mark.proof
def test_a_panel_of_sixty_five_judges_comes_in_by_its_labels_alone(tmp_path: Path) -> None:
    project = project_of("llmbar", CHOICE)
    said = run(project, write(tmp_path / "judges.jsonl", machines("llmbar")), "--origin", "LLMBar")
    assert "12,545 new answers of 0 people and 65 judges" in said
    seated = [
        rater for rater in Rater.objects.order_by("name") if rater.judgments.filter(label__isnull=False).count() == 193
    ]
    panel = judges.make(project, seated[:3], name="three of them", by=None)
    assert Verdict.objects.filter(judge=panel, label__isnull=False).count() == 193


def test_a_panel_set_with_three_people_and_two_judges_in_files_of_both(tmp_path: Path) -> None:
    project = project_of("pandalm", CHOICE)
    path = write(tmp_path / "all.jsonl", [*machines("pandalm"), *people("pandalm")])
    said = run(project, path, "--sample", "random")
    assert "4,970 new answers of 3 people and 2 judges" in said
    assert Item.objects.filter(stream_reason="imported_sample").count() == 999
    assert AgreedLabel.objects.filter(case__item__stream="gold").count() == 0
    assert AgreedLabel.objects.exclude(n_people=3).count() == 0
    again = run(project, path, "--sample", "random")
    assert "0 new answers" in again
    assert "4,970 known already" in again


def test_an_experts_gold_standard_is_a_reference_by_declaration(tmp_path: Path) -> None:
    project = project_of("oamine_tags")
    run(project, write(tmp_path / "gold.jsonl", people("oamine_tags")), "--sample", "random", "--reference", "single")
    assert AgreedLabel.objects.filter(basis="single").count() == 2086
    assert project.frames.get().reference == "single"


@pytest.mark.proof
def test_memory_stays_flat_while_a_hundred_thousand_lines_go_by(project: Project, tmp_path: Path) -> None:
    factories.import_items(project, n=500)
    few = write(
        tmp_path / "few.jsonl", (line(f"item-{n % 500}", f"m{n // 500}", "fits", "judge") for n in range(2_000))
    )
    run(project, few)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    many = write(tmp_path / "many.jsonl", (line("item-0", f"m{n % 4}", "fits", "judge") for n in range(100_000)))
    assert "100,000 known already" in run(project, many)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000, "kilobytes"
