"""Results of a batch, read back: in any order, in part, twice, with broken lines among them. Nothing is added twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from itertools import batched
from pathlib import Path
from typing import Any

from judge.errors import InputError
from judge.models import Project, Rater
from llm_judge.actions import exports, raters, runs
from llm_judge.actions.batch_files import FORMAT, LINES, Chunks
from llm_judge.actions.exports import Reading
from llm_judge.backends.judging import CaseAnswer
from llm_judge.models import Run
from llm_judge.offline.joining import join
from llm_judge.offline.requests import Desk, write_calls
from llm_judge.offline.shelf import Shelf, read_results
from llm_judge.rules.batch_lines import HASH_LENGTH, Result
from llm_judge.rules.records import Reply
from llm_judge.rules.scoring import JudgeCase

#: Calls that quote what came back: the second step of raters that reason first.
FOLLOW_UP = "requests-2"


def read(project: Project, folder: Path) -> Reading:
    """Take whatever ``folder/results`` holds by now. Lines that cannot be used are refused one by one, in words.

    Where calls follow on results, they are written to ``folder/requests-2``: anew each time, as far as they have not
    come back. Raises InputError where the folder is not of this project, or its rater is not as it was.
    """
    manifest = read_manifest(folder)
    run = exports.find(project, batch=str(manifest["batch"]), slug=str(manifest["project"]))
    desks = {each.short_hash: each for each in (_desk(manifest, share) for share in manifest["raters"])}
    seated = {short: exports.find_rater(run, desk.rater_hash) for short, desk in desks.items()}
    reading = Reading()
    shutil.rmtree(folder / FOLLOW_UP, ignore_errors=True)
    with Shelf(_files(folder)) as shelf:
        _sort(shelf, str(manifest["batch"]), desks, reading)
        for short, rater in seated.items():
            _read_rater(run, rater, desks[short], shelf, folder, reading)
    runs.advance(run)
    return reading


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an export. Raises InputError where there is none that we wrote."""
    path = folder / "manifest.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] == FORMAT and isinstance(found["raters"], list) and found["batch"] and found["project"]:
            return dict(found)
    except OSError:
        raise InputError("there is no manifest", where=str(path), expected="a folder of --to-batch") from None
    except (ValueError, KeyError, TypeError):
        pass
    raise InputError("the manifest cannot be read", where=str(path), expected="as --to-batch wrote it")


def _files(folder: Path) -> list[Path]:
    found = sorted((folder / "results").rglob("*.jsonl"))
    if not found:
        example = "vllm run-batch -i requests/NAME.jsonl -o results/NAME.jsonl --model MODEL"
        raise InputError("there are no results yet", where=str(folder / "results"), next_step=f"Make them: {example}")
    return found


def _desk(manifest: Mapping[str, Any], share: Mapping[str, Any]) -> Desk:
    try:
        rater = Rater.objects.get(configuration_hash=share["hash"])
        return Desk(
            manifest["batch"], raters.configuration_of(rater), share["hash"], share["model"], dict(share["token_ids"])
        )
    except Rater.DoesNotExist:
        problem = f"the rater {str(share['hash'])[:HASH_LENGTH]} of the manifest is not known here"
        raise InputError(problem, expected="the configuration that the requests were written for") from None


def _sort(shelf: Shelf, batch: str, desks: Mapping[str, Desk], reading: Reading) -> None:
    for number, path in enumerate(shelf.files):
        for line, start, result in read_results(path):
            where = f"{path.name} line {line}"
            if isinstance(result, InputError):
                reading.refuse(InputError(str(result), where=where))
            elif problem := _find_stranger(result, batch, desks):
                reading.refuse(InputError(problem, where=where))
            else:
                shelf.add(result, number, start)


def _find_stranger(result: Result, batch: str, desks: Mapping[str, Desk]) -> str:
    ticket = result.ticket
    if ticket.rater not in desks:
        return f"the result is of another rater ({ticket.rater}), whose configuration is not the manifest's"
    return "" if ticket.batch == batch else f"the result is of another export ({ticket.batch}), perhaps another project"


def _read_rater(run: Run, rater: Rater, desk: Desk, shelf: Shelf, folder: Path, reading: Reading) -> None:
    (target := folder / FOLLOW_UP).mkdir(exist_ok=True)
    chunks = Chunks(target, desk.short_hash, LINES)
    try:
        for part in batched(shelf.cases(desk.short_hash), exports.CHUNK):
            _take(run, rater, desk, dict(part), chunks, reading)
    finally:
        chunks.close()
    if not any(target.iterdir()):
        target.rmdir()


def _take(
    run: Run, rater: Rater, desk: Desk, came: Mapping[int, Mapping[int, Reply]], chunks: Chunks, reading: Reading
) -> None:
    asked = exports.open_cases(run, rater, came.keys(), reading, where="results")
    answered = [said for case in asked if (said := _join(case, desk, came[int(case.case_id)], chunks, reading))]
    exports.take(run, rater, answered, asked, reading)


def _join(
    case: JudgeCase, desk: Desk, came: Mapping[int, Reply], chunks: Chunks, reading: Reading
) -> CaseAnswer | None:
    found = join(case, desk, came)
    if isinstance(found, CaseAnswer):
        return found
    reading.n_waiting += 1
    if found.is_next_unasked:
        chunks.write(list(write_calls(case, desk, found.replies)))
        reading.n_followed += 1
    return None
