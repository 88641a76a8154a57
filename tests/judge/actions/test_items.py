"""Imports: everything good goes in once, everything bad is told by line."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import IntegrityError, connection

from judge.actions.imports import import_file
from judge.actions.items import ImportReport
from judge.errors import InputError
from judge.formats.reading import Rejected
from judge.models import Case, Context, Decision, Item, Project
from judge.rules.streams import StreamRates, draw, uniform
from llm_judge.actions import setups
from tests import factories


def write(path: Path, *lines: object) -> Path:
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def run(project: Project, path: Path, frame: str = "", rejected: list[Rejected] | None = None) -> ImportReport:
    collect = rejected.append if rejected is not None else None
    return import_file(project, path, by=None, name=path.name, frame=frame, on_reject=collect)


def test_smallest_line_makes_a_context_an_item_and_its_cases(project: Project, tmp_path: Path) -> None:
    report = run(project, write(tmp_path / "a.jsonl", {"id": "t1", "context": "likes tents", "output": "tent"}))
    assert (report.n_items, report.n_contexts, report.n_cases) == (1, 1, 2)
    item = Item.objects.get()
    assert (item.identity, item.context.content, item.output, item.stream) == ("t1", "likes tents", "tent", "open")


def test_same_file_twice_adds_nothing(project: Project, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", *({"id": f"t{i}", "context": "c", "output": f"o{i}"} for i in range(5)))
    run(project, path)
    again = run(project, path)
    assert (again.n_items, again.n_known, again.n_rejected) == (0, 5, 0)
    assert (Item.objects.count(), Case.objects.count(), Context.objects.count()) == (5, 10, 1)


def test_bad_lines_are_told_by_number_and_the_good_ones_go_in(project: Project, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        {"id": "t1", "context": "c", "output": "o"},
        "{broken",
        {"id": "t2", "output": "o"},
        {"id": "t3", "context": "c", "output": "o"},
    )
    rejected: list[Rejected] = []
    report = run(project, path, rejected=rejected)
    assert (report.n_items, report.n_rejected) == (2, 2)
    assert sorted(line.number for line in rejected) == [2, 3]
    assert all(line.problem for line in rejected)


def test_rejected_lines_are_kept_in_a_file_beside(project: Project, tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", {"id": "t1", "context": "c", "output": "o"}, "{broken")
    beside = tmp_path / "a.rejected.jsonl"
    import_file(project, path, by=None, name="a", rejected_path=beside)
    assert [json.loads(line)["line"] for line in beside.read_text().splitlines()] == [2]


@pytest.mark.parametrize("first_import", [True, False])
def test_an_id_that_means_something_else_is_rejected_and_the_first_stays(
    project: Project, tmp_path: Path, first_import: bool
) -> None:
    first, second = ({"id": "t1", "context": "c", "output": text} for text in ("tent", "lamp"))
    rejected: list[Rejected] = []
    if first_import:
        run(project, write(tmp_path / "a.jsonl", first))
        run(project, write(tmp_path / "b.jsonl", second), rejected=rejected)
    else:
        run(project, write(tmp_path / "a.jsonl", first, second), rejected=rejected)
    assert Item.objects.get().output == "tent"
    assert 'id "t1" already stands for another output' in rejected[0].problem


def test_a_file_that_cannot_be_taken_as_a_whole_leaves_nothing(project: Project, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"")
    with pytest.raises(InputError, match="the file is empty"):
        run(project, tmp_path / "empty.jsonl")
    assert not Item.objects.exists()


def test_objects_keep_the_order_of_their_keys(project: Project, tmp_path: Path) -> None:
    context = {"user": "Ann", "age": 34, "history": ["tent"]}
    run(project, write(tmp_path / "a.jsonl", {"id": "t1", "context": context, "output": {"tag": "x", "interest": "y"}}))
    assert list(Context.objects.get().content) == ["user", "age", "history"]


def test_streams_are_drawn_with_the_rates_of_the_frame_and_never_change(tmp_path: Path, db: None) -> None:
    project = factories.make_project("Drawn", train_rate=0.3, certify_rate=0.3, gold_rate=0.2)
    lines = [{"id": f"t{i}", "context": "c", "output": f"o{i}"} for i in range(300)]
    run(project, write(tmp_path / "a.jsonl", *lines), frame="week 1")
    frame = project.frames.get()
    rates = StreamRates(frame.train_rate, frame.certify_rate, frame.gold_rate)
    for item in Item.objects.all():
        assert item.stream == draw(uniform(frame.salt, item.identity), rates)
        assert item.stream_probability == pytest.approx(rates.of(item.stream))  # type: ignore[arg-type]
    before = dict(Item.objects.values_list("identity", "stream"))
    run(project, write(tmp_path / "b.jsonl", *lines, {"id": "new", "context": "c", "output": "o"}), frame="week 1")
    after = dict(Item.objects.values_list("identity", "stream"))
    assert before.items() <= after.items()
    assert project.frames.count() == 1


def test_items_of_one_context_stand_together_in_the_queue(project: Project) -> None:
    factories.import_items(project, n=40, per_context=8)
    order = list(Case.objects.order_by("queue_order", "pk").values_list("item__context_id", flat=True))
    changes = sum(one != other for one, other in pairwise(order))
    assert changes == 4, "five contexts, each read once"


def test_a_project_without_a_judge_sends_every_case_to_two_people(project: Project) -> None:
    factories.import_items(project, n=3)
    assert set(Case.objects.values_list("stage", "people_wanted")) == {("people", 2)}
    assert set(Case.objects.values_list("decisions__reason", flat=True)) == {"no_certificate"}


def test_hostile_text_is_stored_as_it_is(project: Project, tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>'; DROP TABLE judge_item; --\\N\t\u202e"
    run(project, write(tmp_path / "a.jsonl", {"id": hostile, "context": hostile, "output": hostile}))
    item = Item.objects.get()
    assert (item.identity, item.context.content, item.output) == (hostile, hostile, hostile)


def test_an_import_into_a_project_with_a_judge_leaves_its_cases_to_it(project: Project) -> None:
    setups.use_scripted(project)
    factories.import_items(project, n=3)
    assert set(Case.objects.values_list("stage", "people_wanted")) == {("imported", 0)}
    assert not Decision.objects.exists()


def test_each_stream_goes_to_people_for_its_own_reason(tmp_path: Path, db: None) -> None:
    project = factories.make_project("Drawn", train_rate=0.3, certify_rate=0.3, gold_rate=0.2)
    run(project, write(tmp_path / "a.jsonl", *({"id": f"t{i}", "context": "c", "output": "o"} for i in range(200))))
    found = set(Decision.objects.values_list("case__item__stream", "reason", "case__priority", "people_wanted"))
    reasons = {"train": "train_stream", "certify": "certify_stream", "gold": "gold_stream", "open": "no_certificate"}
    assert found == {(stream, reason, 0 if stream == "open" else 6, 2) for stream, reason in reasons.items()}
    assert Decision.objects.count() == Case.objects.count()


def test_a_context_that_means_something_else_is_rejected_with_every_line_that_carries_it(
    project: Project, tmp_path: Path
) -> None:
    run(project, write(tmp_path / "a.jsonl", {"id": "t0", "context_id": "x", "context": "tents", "output": "o"}))
    rejected: list[Rejected] = []
    lines = [
        {"id": "t1", "context_id": "x", "context": "lamps", "output": "o"},
        {"id": "t2", "context_id": "x", "context": "lamps", "output": "o"},
        {"id": "t3", "context_id": "y", "context": "boats", "output": "o"},
        {"id": "t3", "context_id": "z", "context": "boats", "output": "o"},
        {"id": "t4", "context_id": "z", "context": "boats", "output": "o"},
        {"id": "t4", "context_id": "z", "context": "boats", "output": "o", "language": "de"},
        {"id": "t5", "context_id": "y", "context": "ships", "output": "o"},
    ]
    report = run(project, write(tmp_path / "b.jsonl", *lines), rejected=rejected)
    assert [(each.number, each.problem.partition(" (")[0]) for each in rejected] == [
        (1, 'line 1: id "x" already stands for another context'),
        (2, 'line 2: id "x" already stands for another context'),
        (4, 'line 4: id "t3" already stands for another output'),
        (7, 'line 7: id "y" already stands for another context'),
    ]
    assert json.loads(rejected[1].raw_excerpt) == {"id": "t2", "context": "lamps", "output": "o"}
    assert (report.n_items, report.n_known, report.n_contexts) == (2, 1, 2)
    assert dict(Item.objects.values_list("identity", "language"))["t4"] == "en", "of two lines the first goes in"


@pytest.mark.parametrize("moved", [Case, Item, Context])
def test_case_item_and_context_are_in_one_project(project: Project, moved: type[Case | Item | Context]) -> None:
    factories.import_items(project, n=1)
    moved.objects.update(project=factories.make_project("Elsewhere"))
    with pytest.raises(IntegrityError, match="in_the_project_of_its"):
        connection.check_constraints()
