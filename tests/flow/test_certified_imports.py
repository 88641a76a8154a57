"""A team that judged and labelled elsewhere brings both, certifies, and trains on what the certificate lets through."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from judge.models import AgreedLabel, Case, Certificate, Decision, Item, Project
from judge.rules.streams import Stream
from tests.flow import imported
from tests.flow.imported import World

pytestmark = pytest.mark.django_db(transaction=True)


def run(*words: str) -> str:
    said = StringIO()
    call_command(*words, stdout=said)
    return said.getvalue()


def bring(
    world: World, folder: Path, *, judge: str = "none", reference: str = "three"
) -> tuple[Project, dict[str, str]]:
    rubric, items, judgments, truth = imported.write(world, folder)
    run("create_project", "Elsewhere", "--rubric", str(rubric), "--judge", judge)
    run("import_items", "elsewhere", str(items))
    run("import_judgments", "elsewhere", str(judgments), "--sample", "random", "--reference", reference)
    return Project.objects.get(slug="elsewhere"), truth


def exported(folder: Path) -> list[dict[str, object]]:
    run("export_labels", "elsewhere", "--format", "labels", "--output", str(folder / "out"))
    return [json.loads(line) for line in (folder / "out" / "labels.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("judge", ["none", "embedded"])
def test_what_the_certificate_lets_through_is_exported_when_certify_returns(tmp_path: Path, judge: str) -> None:
    _, truth = bring(World(), tmp_path, judge=judge)
    said = run("certify", "elsewhere")
    certificate = Certificate.objects.get()
    assert certificate.state == "certified", said
    rows = [row for row in exported(tmp_path) if row["basis"] == "judge"]
    assert len(rows) > 200
    assert all(row["stream"] == "open" and row["confidence"] >= certificate.threshold for row in rows)
    wrong = sum(row["label"] != truth[str(row["item_id"])] for row in rows)
    assert wrong / len(rows) <= 0.10
    assert len(rows) == Decision.objects.filter(route="accept").count()


def test_a_judge_at_chance_is_told_plainly_and_accepts_nothing(tmp_path: Path) -> None:
    bring(World(skills=(("coin", 0.5, 0.5),)), tmp_path)
    said = run("certify", "elsewhere")
    assert "not certified: nothing is accepted" in said
    assert not AgreedLabel.objects.filter(basis="judge").exists()
    assert Certificate.objects.get().state == "uncertified"


def test_certifying_twice_tests_once(tmp_path: Path) -> None:
    bring(World(), tmp_path)
    run("certify", "elsewhere")
    assert "tested before" in run("certify", "elsewhere")
    assert Certificate.objects.count() == 1


def test_certify_train_and_gold_cases_are_never_accepted(tmp_path: Path) -> None:
    project, _ = bring(World(), tmp_path)
    run("certify", "elsewhere")
    accepted = Item.objects.filter(project=project, cases__decisions__route="accept")
    assert set(accepted.values_list("stream", flat=True)) == {Stream.OPEN}


def test_audited_cases_stand_in_the_queue_with_a_live_label(tmp_path: Path) -> None:
    bring(World(), tmp_path)
    run("certify", "elsewhere")
    audited = Case.objects.filter(decisions__is_audited=True)
    accepted = Decision.objects.filter(route="accept")
    assert 0 < audited.count() < accepted.count()
    assert set(audited.values_list("stage", "is_reference", "people_wanted")) == {("people", True, 2)}
    assert set(accepted.values_list("audit_probability", flat=True)) == {max(0.05, 20 / accepted.count())}
    assert AgreedLabel.objects.filter(case__in=audited, basis="judge", status="live").count() == audited.count()
