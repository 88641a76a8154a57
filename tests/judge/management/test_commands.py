"""The commands people type: what they say when all is well, and when it is not."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from judge.models import Item, Membership, Project
from tests import factories


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("task", ["interest", "tag", "explanation", "explanation-v2"])
def test_every_shipped_task_makes_a_project(task: str) -> None:
    assert "next: manage.py import_items spring" in run("create_project", "Spring", "--task", task)
    project = Project.objects.get(slug="spring")
    assert project.task == task
    assert project.rubric is not None
    assert project.policy is not None
    assert project.judge is not None, "items wait for the judge that is in force from the start"


@pytest.mark.django_db
def test_people_only_is_a_choice() -> None:
    assert "people only" in run("create_project", "Spring", "--task", "tag", "--judge", "none")
    assert Project.objects.get().judge is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "told"), [(["--overlap", "1"], "overlap must be at least 2"), (["--overlap", "0"], "overlap")]
)
def test_a_policy_that_cannot_be_is_refused_in_words(words: list[str], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        run("create_project", "Spring", "--task", "tag", *words)
    assert not Project.objects.exists()


@pytest.mark.django_db
def test_smallest_rubric_file_makes_a_project(tmp_path: Path) -> None:
    path = tmp_path / "aspects.yaml"
    path.write_text(
        "name: aspects\ncriteria:\n  - key: accuracy\n    question: True?\n"
        "    scale: [{key: accurate, passes: true}, {key: wrong, passes: false}]\n"
    )
    assert "accuracy" in run("create_project", "Aspects", "--rubric", str(path))
    assert Project.objects.get().task == "custom"


@pytest.mark.django_db
def test_a_mistake_in_a_rubric_names_file_line_and_what_was_expected(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    scale = "[{key: yes, pases: true}, {key: no}]"
    path.write_text(f"name: x\ncriteria:\n  - key: a\n    question: q\n    scale: {scale}\n")
    with pytest.raises(CommandError, match=r"bad\.yaml line 5: .*pases.*expected"):
        run("create_project", "Bad", "--rubric", str(path))
    assert not Project.objects.exists()


@pytest.mark.django_db
def test_the_same_name_twice_and_an_empty_name_are_refused() -> None:
    run("create_project", "Spring", "--task", "tag")
    with pytest.raises(CommandError, match='there is a project "spring" already'):
        run("create_project", "spring", "--task", "tag")
    with pytest.raises(CommandError, match="cannot name a project"):
        run("create_project", "!!!", "--task", "tag")
    with pytest.raises(CommandError, match="at most 80 characters"):
        run("create_project", "x" * 100, "--task", "tag")


@pytest.mark.django_db
def test_an_unknown_lead_or_task_is_told_with_what_there_is() -> None:
    with pytest.raises(CommandError, match='there is no user "nobody"'):
        run("create_project", "Spring", "--task", "tag", "--lead", "nobody")
    with pytest.raises(CommandError, match=r'there is no task "tags" \(expected: explanation, '):
        run("create_project", "Spring", "--task", "tags")


@pytest.mark.django_db
def test_the_lead_named_on_the_command_line_leads() -> None:
    lea = factories.make_user("lea")
    run("create_project", "Spring", "--task", "tag", "--lead", "lea")
    assert Membership.objects.get(user=lea).role == "lead"


def write(path: Path, *lines: str) -> str:
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_import_says_what_went_in_and_keeps_what_did_not(project: Project, tmp_path: Path) -> None:
    good = json.dumps({"id": "t1", "context": "c", "output": "o"})
    path = write(tmp_path / "items.jsonl", good, "{broken", json.dumps({"id": "t2", "context": "c"}))
    said = run("import_items", project.slug, path)
    assert "3 rows read · 1 new items, 2 cases · 0 known already · 2 rejected" in said
    rejected = [json.loads(line) for line in (tmp_path / "items.jsonl.rejected.jsonl").read_text().splitlines()]
    assert [line["line"] for line in rejected] == [2, 3]


def test_one_bad_file_of_two_fails_the_command_but_the_other_goes_in(project: Project, tmp_path: Path) -> None:
    good = write(tmp_path / "good.jsonl", json.dumps({"id": "t1", "context": "c", "output": "o"}))
    (tmp_path / "empty.jsonl").write_bytes(b"")
    with pytest.raises(CommandError, match="1 of 2 files could not be taken"):
        run("import_items", project.slug, str(tmp_path / "empty.jsonl"), good)
    assert Item.objects.count() == 1


def test_a_50_mb_line_is_rejected_and_the_next_one_goes_in(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    with path.open("w") as file:
        file.write('{"id": "big", "context": "c", "output": "' + "x" * 50_000_000 + '"}\n')
        file.write(json.dumps({"id": "t1", "context": "c", "output": "o"}) + "\n")
    assert "1 new items" in run("import_items", project.slug, str(path))
    assert Item.objects.get().identity == "t1"


@pytest.mark.django_db
def test_an_unknown_project_is_told_with_those_there_are() -> None:
    factories.make_project("Spring")
    with pytest.raises(CommandError, match=r'there is no project "sprang" \(expected: spring\)'):
        run("import_items", "sprang", "x.jsonl")
