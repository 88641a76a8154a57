"""The parts of judge_items that judge nothing here: files out, files back."""

from __future__ import annotations

from argparse import ArgumentParser, _MutuallyExclusiveGroup
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from judge.errors import InputError
from judge.models import Project
from llm_judge.actions import batch_files, batch_results, parquet_files
from llm_judge.actions.exports import Reading

OUT, BACK = ("to_batch", "to_parquet"), ("from_batch", "from_parquet")


def add_arguments(parser: ArgumentParser, place: _MutuallyExclusiveGroup) -> None:
    place.add_argument("--to-batch", type=Path, metavar="DIR", help="write requests for `vllm run-batch` instead")
    place.add_argument("--from-batch", type=Path, metavar="DIR", help="read what came back for them")
    place.add_argument("--to-parquet", type=Path, metavar="DIR", help="write items for a job on Ray instead")
    place.add_argument("--from-parquet", type=Path, metavar="DIR", help="read the judgments of that job")
    parser.add_argument("--model-name", default="", metavar="NAME", help="to-batch: the model's name where it runs")
    parser.add_argument("--lines", type=int, default=batch_files.LINES, metavar="N", help="to-batch: lines of a file")
    parser.add_argument("--token-ids", default="", metavar="WORD=ID,…", help="to-batch: tokens of the answer words")


def write(project: Project, wanted: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """Write files; what was written and what to do with it, in words."""
    if options["to_parquet"]:
        return _write_parquet(project, options["to_parquet"], wanted)
    ids, folder = read_token_ids(options["token_ids"]), options["to_batch"]
    shares = batch_files.write(
        project, folder, **wanted, model=options["model_name"], token_ids=ids, lines=options["lines"]
    )
    said = [
        f"{each.name}: {each.n_cases:,} cases, {each.n_calls:,} calls in {len(each.chunks)} files, "
        f"{folder}/requests/{each.desk.short_hash}-*.jsonl, for {each.desk.model}"
        for each in shares
    ]
    then = (
        f"Put what comes back into {folder}/results, then: manage.py judge_items {project.slug} --from-batch {folder}"
    )
    return "\n".join([*said, then])


def read(project: Project, options: Mapping[str, Any]) -> str:
    """Read files back; what became of them, in words."""
    if options["from_batch"]:
        folder = options["from_batch"]
        found = batch_results.read(project, folder)
        follow = f"\n{found.n_followed:,} cases go on: run the files in {folder}/{batch_results.FOLLOW_UP} too."
        return describe(found) + follow * bool(found.n_followed)
    return describe(parquet_files.read(project, options["from_parquet"]))


def describe(reading: Reading) -> str:
    """The counts, then each trouble on a line of its own."""
    parts = [f"{reading.n_new:,} new judgments ({reading.n_unscored:,} unscored)", f"{reading.n_known:,} known"]
    counted = {
        "waiting for more results": reading.n_waiting,
        "failed and still to be judged": reading.n_failed,
        "refused": reading.n_refused,
    }
    said = ", ".join(parts + [f"{n:,} {what}" for what, n in counted.items() if n])
    more = reading.n_refused - len(reading.troubles)
    return "\n".join([said, *reading.troubles] + [f"and {more:,} more like these"] * bool(more))


def read_token_ids(text: str) -> dict[str, int]:
    """
    >>> read_token_ids("Yes=10539, No=5230")
    {'Yes': 10539, 'No': 5230}
    """
    found = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        word, _, number = part.partition("=")
        if not word.strip() or not number.strip().isdecimal():
            raise InputError(f'--token-ids: "{part}" names no token', expected="Yes=10539,No=5230")
        found[word.strip()] = int(number)
    return found


def _write_parquet(project: Project, folder: Path, wanted: Mapping[str, Any]) -> str:
    said = []
    for each in parquet_files.write(project, folder, **wanted):
        home = each.folder
        said.append(
            f"{each.name}: {each.n_cases:,} cases. To judge them:\npython -m llm_judge.offline.ray_job "
            f"--items {home}/items.parquet --rater {home}/rater.json --out {home}/judgments --endpoint URL"
        )
    return "\n".join([*said, f"Then: manage.py judge_items {project.slug} --from-parquet {folder}"])
