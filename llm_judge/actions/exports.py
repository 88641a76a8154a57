"""Work that is judged elsewhere: a paused run whose cases are in files, and answers that come back from there.

While its files are out a run is paused: workers leave it alone, a lead may resume it (then workers judge what is
left), and a new run may take its place. Whoever answers a case first has answered it.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.db.models import Count

from judge.errors import InputError
from judge.models import Case, Judge, Project, Rater
from llm_judge.actions import answers, cache, cases, raters, runs
from llm_judge.backends.judging import CaseAnswer
from llm_judge.models import Completion, Run
from llm_judge.rules.scoring import JudgeCase

#: Cases that are read or written at a time: memory stays flat.
CHUNK = 512
#: Troubles that are said one by one; all of them are counted.
TOLD = 20


@dataclass(slots=True)
class Reading:
    """What became of files that were read. ``troubles``: the first of the lines that could not be used, with why."""

    n_new: int = 0
    n_known: int = 0
    n_unscored: int = 0
    n_failed: int = 0
    n_waiting: int = 0
    n_followed: int = 0
    n_refused: int = 0
    troubles: list[str] = field(default_factory=list)

    def refuse(self, trouble: InputError) -> None:
        self.n_refused += 1
        if len(self.troubles) < TOLD:
            self.troubles.append(str(trouble))


@transaction.atomic
def start(project: Project, *, judge: Judge | None, criteria: Sequence[str] = (), limit: int | None = None) -> Run:
    """A run for files, named in its plan by ``batch``. Raises InputError as ``runs.start`` does."""
    run = runs.start(project, by=None, limit=limit, criteria=criteria, place=Run.Place.FILES, judge=judge)
    run.plan["batch"] = uuid.uuid4().hex[:12]
    run.status = Run.Status.PAUSED
    run.save(update_fields=["plan", "status"])
    return run


def find(project: Project, *, batch: str, slug: str) -> Run:
    """The run that these files were written for. Raises InputError where they belong elsewhere."""
    if slug != project.slug:
        raise InputError(f'the files are of project "{slug}"', expected=project.slug)
    run = Run.objects.select_related("project__rubric", "judge").filter(project=project, plan__batch=batch).first()
    if run is None:
        problem = f"no run here wrote these files (batch {batch}): they are of another installation or database"
        raise InputError(problem, next_step="Write them anew with --to-batch or --to-parquet.")
    return run


def find_rater(run: Run, rater_hash: str) -> Rater:
    """The rater of this configuration on the run's judge. Raises InputError for any other."""
    seated = raters.seated(run.judge)
    found = next((each for each in seated if each.configuration_hash == rater_hash), None)
    if found is None:
        expected = ", ".join((each.configuration_hash or "none")[:16] for each in seated)
        problem = f"the files are of a rater with another configuration ({rater_hash[:16]})"
        raise InputError(problem, expected=expected)
    return found


def load(run: Run, rater: Rater) -> Iterator[list[JudgeCase]]:
    """What the rater still has to answer, cases of one context side by side."""
    for case_ids in runs.batches(run, CHUNK):
        if found := cases.load(run.project, case_ids, rater):
            yield found


def open_cases(run: Run, rater: Rater, case_ids: Collection[int], reading: Reading, *, where: str) -> list[JudgeCase]:
    """Those of the cases that still miss the rater's vote. Known ones are counted, strange ones refused."""
    ours = set(Case.objects.filter(project=run.project, pk__in=case_ids).values_list("pk", flat=True))
    for stranger in sorted(set(case_ids) - ours):
        reading.refuse(InputError(f"case {stranger} is not in project {run.project.slug}", where=where))
    found = cases.load(run.project, [*ours], rater)
    reading.n_known += len(ours) - len(found)
    return found


def take(run: Run, rater: Rater, answered: Sequence[CaseAnswer], asked: Sequence[JudgeCase], reading: Reading) -> None:
    """Through the door: answers as judgments, and failures for a server's sake as tries that failed, each once."""
    price = raters.price_of(rater)
    failed, spent = _sift(run, rater, [each for each in answered if answers.is_servers_fault(each)])
    settled = [each for each in answered if not answers.is_servers_fault(each)] + spent
    if settled:
        written = answers.write(run, rater, settled, keys=cache.keys_of(asked), price=price)
        reading.n_new += written.n_new
        reading.n_unscored += written.n_unscored
        reading.n_known += len(settled) - written.n_new
    if failed:
        answers.note_failures(run, rater, failed, price=price)
        reading.n_failed += len(failed)


def _sift(run: Run, rater: Rater, failed: Sequence[CaseAnswer]) -> tuple[list[CaseAnswer], list[CaseAnswer]]:
    """(tries to note, cases to set aside after too many). A failure that this run has noted already is neither."""
    vain = Completion.objects.filter(rater=rater, judgment=None, case__in=[int(each.case_id) for each in failed])
    noted = set(vain.filter(run=run).values_list("case", flat=True))
    tries = dict(vain.values_list("case").annotate(n=Count("pk")))
    fresh = [each for each in failed if int(each.case_id) not in noted]
    spent = [each for each in fresh if tries.get(int(each.case_id), 0) + 1 >= answers.MAX_TRIES]
    return [each for each in fresh if each not in spent], spent


def prepare(folder: Path, *parts: str) -> None:
    """Make the folder with its parts. Raises InputError where there is something in it already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is there already", expected="a new or empty folder")
    try:
        for part in ("", *parts):
            (folder / part).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made ({error.strerror})") from None


@contextmanager
def undo_on_error(run: Run, folder: Path) -> Iterator[None]:
    """Half an export is none: the run is cancelled and the folder emptied."""
    try:
        yield
    except BaseException:
        runs.end(run, Run.Status.CANCELLED)
        shutil.rmtree(folder, ignore_errors=True)
        raise
