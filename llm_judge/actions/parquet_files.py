"""Items out as Parquet, judgments back as Parquet: what `llm_judge/offline/ray_job.py` reads and writes.

DIR/HASH/rater.json       the rater's configuration and its questions
DIR/HASH/items.parquet    what it has not answered yet
DIR/HASH/judgments/       where the job writes
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judge.errors import InputError
from judge.formats.questions import content_hash
from judge.models import Judge, Project, Rater
from judge.rules.scales import Question
from llm_judge.actions import exports, raters, runs
from llm_judge.actions.exports import Reading
from llm_judge.backends.judging import CaseAnswer
from llm_judge.models import Run
from llm_judge.offline.tables import ITEM_COLUMNS, JUDGMENT_COLUMNS, Order, answer_of, item_record
from llm_judge.rules.batch_lines import HASH_LENGTH
from llm_judge.rules.scoring import JudgeCase


@dataclass(frozen=True, slots=True)
class Share:
    """One rater's items."""

    name: str
    folder: Path
    n_cases: int


def write(
    project: Project,
    folder: Path,
    *,
    judge: Judge | None = None,
    criteria: Sequence[str] = (),
    limit: int | None = None,
) -> list[Share]:
    """Write all that the judge has not answered yet, a folder for each rater. Raises InputError as a run would."""
    chosen = judge or project.judge
    for rater in raters.seated(chosen) if chosen else ():
        if raters.configuration_of(rater).head:
            raise InputError("a student reads embeddings: it judges here", where=f"rater {rater.name}")
    exports.prepare(folder)
    run = exports.start(project, judge=chosen, criteria=criteria, limit=limit)
    with exports.undo_on_error(run, folder):
        return [_write_share(run, rater, folder) for rater in raters.seated(run.judge)]


def read(project: Project, folder: Path) -> Reading:
    """Take whatever judgments are there by now, once each. Rows that cannot be used are refused one by one."""
    orders = sorted(folder.glob("*/rater.json"))
    if not orders:
        raise InputError("there is no rater.json", where=str(folder), expected="a folder of --to-parquet")
    reading = Reading()
    for path in orders:
        order = Order.from_json(path.read_text(encoding="utf-8"), where=str(path))
        run = exports.find(project, batch=order.batch, slug=order.project)
        rater = exports.find_rater(run, order.rater_hash)
        for table in sorted((path.parent / "judgments").rglob("*.parquet")):
            _read_table(run, rater, order, table, reading)
        runs.advance(run)
    if not (reading.n_new or reading.n_known or reading.n_failed or reading.n_refused):
        raise InputError("there are no judgments yet", where=f"{folder}/*/judgments", next_step="Run the job first.")
    return reading


def _write_share(run: Run, rater: Rater, folder: Path) -> Share:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rater_hash, n_cases = rater.configuration_hash or "", 0
    home = folder / rater_hash[:HASH_LENGTH]
    home.mkdir()
    asked = _Questions()
    schema = pa.schema([pa.field(name, getattr(pa, kind)()) for name, kind in ITEM_COLUMNS.items()])
    with pq.ParquetWriter(home / "items.parquet", schema) as file:
        for found in exports.load(run, rater):
            rows = [item_record(case, asked.hash_of(case.question)) for case in found]
            file.write_table(pa.Table.from_pylist(rows, schema=schema))
            n_cases += len(rows)
    configuration = raters.configuration_of(rater)
    order = Order(run.plan["batch"], run.project.slug, run.judge.version, rater_hash, configuration, asked.known)
    (home / "rater.json").write_text(order.as_json(), encoding="utf-8")
    return Share(rater.name, home, n_cases)


class _Questions:
    """Questions by their hash; each is hashed once."""

    def __init__(self) -> None:
        self.known: dict[str, Question] = {}
        self._hashes: dict[int, str] = {}

    def hash_of(self, question: Question) -> str:
        if id(question) not in self._hashes:
            self._hashes[id(question)] = content_hash(question)
            self.known[self._hashes[id(question)]] = question  # kept, so that no other takes its id
        return self._hashes[id(question)]


def _read_table(run: Run, rater: Rater, order: Order, path: Path, reading: Reading) -> None:
    for rows in _read_rows(path, reading):
        ours = {row["case_id"]: row for row in rows if _is_ours(row, order, path, reading)}
        asked = exports.open_cases(run, rater, ours.keys(), reading, where=path.name)
        answered = [said for case in asked if (said := _answer(ours[int(case.case_id)], case, path, reading))]
        exports.take(run, rater, answered, asked, reading)


def _read_rows(path: Path, reading: Reading) -> Iterator[list[dict[str, Any]]]:
    """Some rows at a time; a file that is damaged or none is refused as one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            if missing := JUDGMENT_COLUMNS.keys() - set(file.schema_arrow.names):
                reading.refuse(InputError(f"columns are missing: {', '.join(sorted(missing))}", where=path.name))
                return
            for batch in file.iter_batches(exports.CHUNK, columns=list(JUDGMENT_COLUMNS)):
                yield batch.to_pylist()
    except (pa.ArrowException, OSError):
        reading.refuse(InputError("the file is no Parquet, or it broke off", where=path.name))


def _is_ours(row: Mapping[str, Any], order: Order, path: Path, reading: Reading) -> bool:
    where = f"{path.name} case {row['case_id']}"
    if row["rater"] != order.rater_hash:
        reading.refuse(InputError(f"the judgment is of another rater ({str(row['rater'])[:16]})", where=where))
    elif row["batch"] != order.batch:
        reading.refuse(InputError(f"the judgment is of another export ({row['batch']})", where=where))
    elif not isinstance(row["case_id"], int):
        reading.refuse(InputError("the judgment names no case", where=where))
    else:
        return True
    return False


def _answer(row: Mapping[str, Any], case: JudgeCase, path: Path, reading: Reading) -> CaseAnswer | None:
    try:
        return answer_of(row, case.question.label_keys)
    except InputError as error:
        reading.refuse(InputError(str(error), where=path.name))
        return None
