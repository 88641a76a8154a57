"""One whole project on a real vLLM, with a server and without: import, judge, people, export. `make test-vllm`."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import override_settings

from annotation.actions import leases
from judge.models import AgreedLabel, Decision, Judgment, Project, User, Verdict
from llm_judge.actions import calls, checks
from tests.annotation.answering import answer
from tests.contracts.vllm_server import ENVIRONMENT, MODEL

pytestmark = [pytest.mark.vllm, pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _calls_end() -> Iterator[None]:
    yield
    calls.close()


@pytest.fixture
def server(vllm_server: str) -> Iterator[str]:
    with override_settings(JUDGE_URL=f"{vllm_server}/v1", JUDGE_MODEL=""):
        yield vllm_server


@pytest.fixture
def offline(vllm_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("JUDGE_VLLM_PYTHON", str(vllm_home / "bin/python"))
    monkeypatch.setenv("JUDGE_VLLM_OPTIONS", '{"enforce_eager": true, "dtype": "bfloat16", "max_model_len": 2048}')
    with override_settings(JUDGE_MODEL=str(vllm_home / MODEL)):
        yield vllm_home


def run_command(*words: object) -> str:
    out = StringIO()
    call_command(*map(str, words), stdout=out, stderr=StringIO())
    return out.getvalue()


def import_shop(project: Project, folder: Path) -> None:
    """Four people with five tags each, and one item whose context no model here can read at once."""
    lines = [
        {"id": f"item-{i}", "context": f"person {i // 5} likes tents", "output": f"tent number {i}"} for i in range(20)
    ]
    lines.append({"id": "endless", "context": "tent " * 5000, "output": "tent"})
    file = folder / "items.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run_command("import_items", project.slug, file)


def check_judged(project: Project) -> None:
    """Each case has one judgment, one verdict and one decision; the endless item is unscored with its reason."""
    project.refresh_from_db()  # the command found it by its slug
    judgments = Judgment.objects.filter(case__project=project)
    assert judgments.count() == 42
    assert set(judgments.filter(case__item__identity="endless").values_list("unscored_reason", flat=True)) == {
        "context_too_long"
    }
    scored = judgments.exclude(case__item__identity="endless")
    assert set(scored.values_list("unscored_reason", flat=True)) == {""}
    assert all(0.0 < max(each.probs.values()) <= 1.0 for each in scored)
    assert Verdict.objects.filter(case__project=project, judge=project.judge).count() == 42
    routes = Decision.objects.filter(case__project=project).values_list("route", flat=True)
    assert (len(routes), set(routes)) == (42, {"people"}), "no certificate: everything goes to people"


def check_people_and_export(project: Project, people: tuple[User, User], folder: Path) -> None:
    for person in people:
        while leases.claim(project, by=person):
            answer(project, person)
    assert AgreedLabel.objects.filter(case__project=project, status="live", basis="consensus").count() == 42
    run_command("export_labels", project.slug, "--output", folder / "labels")
    rows = [json.loads(line) for line in (folder / "labels" / "labels.jsonl").read_text().splitlines()]
    assert len(rows) == 42
    assert {row["judge_version"] for row in rows} == {"1"}
    assert sum(row["confidence"] is None for row in rows) == 2, "all but the endless item tell how sure the judge was"


def test_a_project_goes_through_a_server(server: str, project: Project, ann: User, ben: User, tmp_path: Path) -> None:
    import_shop(project, tmp_path)
    said = run_command("judge_items", project.slug, "--judge", "server")
    assert "2 unscored (2 context too long)" in said
    check_judged(project)
    assert project.judge is not None
    rater = project.judge.seats.get().rater
    assert rater.configuration["server_version"] == "vllm 0.32.0"
    check_people_and_export(project, (ann, ben), tmp_path)


def test_tags_of_one_context_find_it_in_the_prefix_cache(server: str, project: Project, tmp_path: Path) -> None:
    """Tags of one person share rubric and context: most of what the server is sent it has read already."""
    lines = [{"id": f"item-{i}", "context": "likes tents, " * 150, "output": f"tent number {i}"} for i in range(8)]
    file = tmp_path / "items.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run_command("import_items", project.slug, file)
    before = read_cache(server)
    run_command("judge_items", project.slug, "--judge", "server")
    asked, hit = (now - then for now, then in zip(read_cache(server), before, strict=True))
    assert hit > 0.5 * asked > 0


def read_cache(server: str) -> tuple[float, float]:
    """Prompt tokens that were looked up in the prefix cache so far, and those that were found."""
    with urllib.request.urlopen(f"{server}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    found = {line.split("{")[0]: float(line.split()[-1]) for line in lines if line.startswith("vllm:prefix_cache")}
    return found["vllm:prefix_cache_queries_total"], found["vllm:prefix_cache_hits_total"]


def test_the_doctor_finds_the_server_well(server: str, db: None) -> None:
    (finding,) = checks.check_judge()
    assert finding.is_well, finding.detail
    assert "vllm 0.32.0" in finding.detail


def test_a_project_goes_through_vllm_without_a_server(
    offline: Path, project: Project, ann: User, ben: User, tmp_path: Path
) -> None:
    import_shop(project, tmp_path)
    said = run_command("judge_items", project.slug, "--judge", "offline")
    assert "2 unscored (2 context too long)" in said
    check_judged(project)
    assert project.judge is not None
    rater = project.judge.seats.get().rater
    assert rater.configuration["model"] == MODEL
    assert rater.configuration["revision"].startswith("weights:")
    check_people_and_export(project, (ann, ben), tmp_path)
