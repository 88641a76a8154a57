"""Items out as Parquet, judgments back as Parquet; the job's own code judges in between, without Ray around it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import call_command

from judge.errors import InputError
from judge.models import Judgment, Project
from llm_judge.actions import parquet_files, setups
from llm_judge.models import Run
from llm_judge.offline.ray_job import Judging, read_arguments
from tests import factories

pytestmark = pytest.mark.django_db


def make_project(n: int = 6) -> Project:
    project = factories.make_project("Table tags")
    setups.use_scripted(project)
    factories.import_items(project, n=n)
    return project


def judge(home: Path, rows: slice = slice(None), name: str = "a.parquet") -> None:
    """What one actor of the job does with these rows."""
    words = ["--items", "i", "--rater", "r", "--out", "o", "--endpoint", "scripted"]
    actor = Judging(order=(home / "rater.json").read_text(), how=vars(read_arguments(words)))
    items = pq.read_table(home / "items.parquet")
    (home / "judgments").mkdir(exist_ok=True)
    start, stop, _ = rows.indices(items.num_rows)
    pq.write_table(actor(items.slice(start, stop - start)), home / "judgments" / name)


def answers() -> set[tuple[int, str | None, str]]:
    return {(each.case_id, each.label, str(each.probs)) for each in Judgment.objects.all()}


def test_judged_on_tables_is_judged_as_by_the_command(tmp_path: Path) -> None:
    project = make_project()
    (share,) = parquet_files.write(project, tmp_path / "out")
    assert share.n_cases == 12
    judge(share.folder)
    reading = parquet_files.read(project, tmp_path / "out")
    assert (reading.n_new, reading.n_refused) == (12, 0)
    assert Run.objects.get().status == Run.Status.DONE
    found = {(label, probs) for _, label, probs in answers()}
    twin = factories.make_project("Twin tags")
    setups.use_scripted(twin)
    factories.import_items(twin, n=6)
    call_command("judge_items", twin.slug, stdout=StringIO(), stderr=StringIO())
    ours = Judgment.objects.filter(case__project=twin)
    assert {(each.label, str(each.probs)) for each in ours} == found


def test_half_then_the_whole_then_again_adds_each_answer_once(tmp_path: Path) -> None:
    project = make_project()
    (share,) = parquet_files.write(project, tmp_path / "out")
    judge(share.folder, slice(0, 5))
    assert parquet_files.read(project, tmp_path / "out").n_new == 5
    judge(share.folder, name="b.parquet")
    reading = parquet_files.read(project, tmp_path / "out")
    assert (reading.n_new, reading.n_known) == (7, 10)
    before = answers()
    assert parquet_files.read(project, tmp_path / "out").n_new == 0
    assert answers() == before


def test_damaged_and_foreign_files_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    project = make_project(n=2)
    (share,) = parquet_files.write(project, tmp_path / "out")
    judge(share.folder)
    folder = share.folder / "judgments"
    good = pq.read_table(folder / "a.parquet")
    (folder / "half.parquet").write_bytes((folder / "a.parquet").read_bytes()[:900])
    pq.write_table(good.drop_columns(["probs"]), folder / "narrow.parquet")
    foreign = good.set_column(good.schema.get_field_index("batch"), "batch", pa.array(["0" * 12] * 4))
    pq.write_table(foreign, folder / "foreign.parquet")
    lies = good.set_column(good.schema.get_field_index("probs"), "probs", pa.array(['{"fits": 1.0}'] * 4))
    pq.write_table(lies, folder / "Lies.parquet")
    reading = parquet_files.read(project, tmp_path / "out")
    assert (reading.n_new, reading.n_refused) == (4, 10)
    said = "\n".join(reading.troubles)
    assert "half.parquet: the file is no Parquet" in said
    assert "narrow.parquet: columns are missing: probs" in said
    assert "the judgment is of another export (000000000000)" in said
    assert "Lies.parquet: case" in said


def test_an_empty_folder_and_another_projects_are_refused(tmp_path: Path) -> None:
    project = make_project(n=1)
    with pytest.raises(InputError, match=r"there is no rater\.json"):
        parquet_files.read(project, tmp_path)
    parquet_files.write(project, tmp_path / "out")
    with pytest.raises(InputError, match="there are no judgments yet"):
        parquet_files.read(project, tmp_path / "out")
    other = factories.make_project("Other tags")
    with pytest.raises(InputError, match='of project "table-tags"'):
        parquet_files.read(other, tmp_path / "out")


def test_the_command_names_the_job_and_reads_what_it_wrote(tmp_path: Path) -> None:
    project, folder, out = make_project(n=2), tmp_path / "out", StringIO()
    call_command("judge_items", project.slug, "--to-parquet", str(folder), stdout=out)
    assert "python -m llm_judge.offline.ray_job --items" in out.getvalue()
    judge(next(folder.iterdir()))
    call_command("judge_items", project.slug, "--from-parquet", str(folder), stdout=out)
    assert "4 new judgments (0 unscored), 0 known" in out.getvalue()
