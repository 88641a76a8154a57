"""Requests for `vllm run-batch` and OpenAI's batch service: chunks of lines, and a manifest that says whose they are.

DIR/manifest.json   project, judge, raters by the hash of their configuration, counts
DIR/requests/       what a server is to be asked, a rater's files beginning with its hash
DIR/results/        where the files that come back belong
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from judge.errors import InputError, ServiceError
from judge.models import Judge, Project, Rater
from llm_judge.actions import answers, calls, endpoints, exports, raters
from llm_judge.backends.judging import CaseAnswer
from llm_judge.backends.openai_http import OpenAIBackend
from llm_judge.models import Run
from llm_judge.offline.requests import Desk, check_batchable, missing_words, write_calls
from llm_judge.rules.records import CompletionFailure
from llm_judge.rules.scoring import JudgeCase, conclude

FORMAT = 1
#: Lines of a chunk: `vllm run-batch` writes all its results at its end, so a chunk is what a crash costs.
LINES = 5_000
MOST_LINES = 50_000  # what OpenAI's batch service takes


@dataclass(slots=True)
class Share:
    """One rater's part of an export."""

    desk: Desk
    name: str
    n_cases: int = 0
    n_calls: int = 0
    chunks: list[str] = field(default_factory=list)

    def as_record(self) -> dict[str, Any]:
        return {
            "hash": self.desk.rater_hash,
            "name": self.name,
            "model": self.desk.model,
            "scoring_rule": self.desk.configuration.scoring_rule.value,
            "dialect": self.desk.dialect.value,
            "token_ids": dict(self.desk.ids),
            "n_cases": self.n_cases,
            "n_calls": self.n_calls,
            "chunks": self.chunks,
        }


class Chunks:
    """Files of at most ``size`` lines; the lines of one case stay together."""

    def __init__(self, folder: Path, name: str, size: int) -> None:
        self.folder, self.name, self.size = folder, name, size
        self.names: list[str] = []
        self._left = 0
        self._file: BinaryIO | None = None

    def write(self, lines: Sequence[bytes]) -> None:
        if self._file is None or self._left < len(lines):
            self.close()
            self.names.append(f"{self.name}-{len(self.names) + 1:05}.jsonl")
            self._file, self._left = (self.folder / self.names[-1]).open("wb"), self.size
        self._file.writelines(lines)
        self._left -= len(lines)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None


def write(
    project: Project,
    folder: Path,
    *,
    judge: Judge | None = None,
    criteria: Sequence[str] = (),
    limit: int | None = None,
    model: str = "",
    token_ids: Mapping[str, int] | None = None,
    lines: int = LINES,
) -> list[Share]:
    """Write all that the judge has not answered yet. ``model`` is its name where the batch runs, if that differs.

    ``token_ids`` names the tokens of answer words, for vLLM raters whose endpoint cannot be asked now. Raises
    InputError where a rater's questions do not go into files, or the folder is in use.
    """
    if not 1 <= lines <= MOST_LINES:
        raise InputError(f"{lines} lines in a chunk", expected=f"1 to {MOST_LINES:,}")
    chosen = judge or project.judge
    for rater in raters.seated(chosen) if chosen else ():
        check_batchable(raters.configuration_of(rater))
    exports.prepare(folder, "requests", "results")
    run = exports.start(project, judge=chosen, criteria=criteria, limit=limit)
    with exports.undo_on_error(run, folder):
        shares = [
            _write_share(run, rater, folder / "requests", model=model, ids=dict(token_ids or {}), lines=lines)
            for rater in raters.seated(run.judge)
        ]
        _write_manifest(run, shares, folder)
    return shares


def _write_share(run: Run, rater: Rater, folder: Path, *, model: str, ids: dict[str, int], lines: int) -> Share:
    configuration = raters.configuration_of(rater)
    desk = Desk(run.plan["batch"], configuration, rater.configuration_hash or "", model or configuration.model, ids)
    share, chunks = Share(desk, rater.name), Chunks(folder, desk.short_hash, lines)
    tokens = Tokens(rater, desk, ids)
    try:
        for found in exports.load(run, rater):
            silent = [case for case in found if not _write_case(case, share, chunks, tokens)]
            _settle(run, rater, desk, silent)
    finally:
        chunks.close()
    share.chunks = chunks.names
    return share


def _write_case(case: JudgeCase, share: Share, chunks: Chunks, tokens: Tokens) -> bool:
    """False for a case that needs no call: its answer is known."""
    tokens.learn(missing_words(case, share.desk.configuration))
    lines = list(write_calls(case, share.desk))
    if lines:
        chunks.write(lines)
        share.n_cases += 1
        share.n_calls += len(lines)
    return bool(lines)


def _settle(run: Run, rater: Rater, desk: Desk, silent: Sequence[JudgeCase]) -> None:
    """What cannot be asked (no pair, where pairs are compared) is unscored with its reason, and in no file."""
    if silent:
        said = [CaseAnswer(case.case_id, conclude(case, desk.configuration, ()), (), ()) for case in silent]
        answers.write(run, rater, said)


class Tokens:
    """The tokens of answer words, asked of the rater's own endpoint, each word once.

    vLLM held in another way gives other probabilities under the same rater's name, so nothing is written without.
    """

    def __init__(self, rater: Rater, desk: Desk, ids: dict[str, int]) -> None:
        self._rater, self._desk, self._ids = rater, desk, ids
        self._seen: set[tuple[str, ...]] = set()

    def learn(self, words: tuple[str, ...]) -> None:
        if words in self._seen or not words:
            return
        self._seen.add(words)
        if not set(words) <= self._ids.keys():
            self._ids.update(zip(words, self._ask(words), strict=False))

    def _ask(self, words: tuple[str, ...]) -> Iterable[int]:
        try:
            found = endpoints.connect(raters.endpoints_of(self._rater)[0], model=self._desk.configuration.model)
            if isinstance(found, OpenAIBackend):
                backend, _ = calls.open_backend((repr(found), "batch"), found)
                assert isinstance(backend, OpenAIBackend)
                said = calls.run(backend.find_ids(words))
                if not isinstance(said, CompletionFailure):
                    return said
            trouble = "its endpoint splits no text"
        except ServiceError as error:
            trouble = str(error)
        example = ",".join(f"{word}=ID" for word in words)
        raise InputError(
            f"the tokens of {', '.join(words)} are unknown: {trouble}",
            where=f"rater {self._rater.name}",
            next_step=f"Start the endpoint for a moment, or name them: --token-ids {example}",
        )


def _write_manifest(run: Run, shares: Sequence[Share], folder: Path) -> None:
    """Last of all: a folder without one was left half written."""
    record = {
        "format": FORMAT,
        "batch": run.plan["batch"],
        "project": run.project.slug,
        "judge": run.judge.version,
        "run": run.pk,
        "raters": [share.as_record() for share in shares],
    }
    (folder / "manifest.json").write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
