"""A planted word goes through everything that keeps texts; after the erasure no row and no file holds it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from annotation.actions import adjudication, leases, submissions
from annotation.models import Draft, Lease
from judge.actions import erasures, event_chain, export_jobs, exports, judgments, projects, snapshots
from judge.actions.exports import Order
from judge.actions.judgments import NewJudgment
from judge.errors import InputError
from judge.models import AgreedLabel, Case, Item, Judgment, Project, Role, User
from judge.rules.stages import Stage
from judge.services import state
from llm_judge.actions import calls, setups, sittings
from llm_judge.models import Completion, Endpoint, Trial
from tests import factories
from tests.annotation.answering import answer, answers_for, take

pytestmark = pytest.mark.django_db(transaction=True)

WORD = "zzplantedzz"
LINES = [
    {
        "id": "first", "context": {"bio": f"I am {WORD}"}, "context_id": "c1", "user": f"user {WORD}",
        "output": f"tent for {WORD}", "prompt": f"say {WORD}", "meta": {"seen": WORD},
    },
    {"id": "second", "context": {"bio": f"I am {WORD}"}, "context_id": "c1", "output": f"rope for {WORD}"},
    {"id": "other", "context": "somebody else", "output": "a lamp"},
]  # fmt: skip


def rows_with(word: str) -> dict[str, int]:
    """Table → rows that hold the word in any column."""
    with connection.cursor() as cursor:
        found = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{word}%"])
            if n := cursor.fetchone()[0]:
                found[table] = n
    return found


def files_with(word: str) -> list[Path]:
    return [path for path in state.folder().rglob("*.jsonl") if word in path.read_text()]


@pytest.fixture
def lived(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Project]:
    """A project whose first two items hold the word and went everywhere: machines, people, desks, files."""
    monkeypatch.setattr(state, "folder", lambda: tmp_path)
    project = factories.make_project("Lived", overlap=2)
    setups.use_scripted(project)
    factories.import_items(project, lines=LINES)
    list(sittings.judge_here(project, by=None))
    told = Completion.objects.filter(case__item__identity__in=["first", "second"])
    told.update(raw_text=f"reply on {WORD}", detail=f"trouble with {WORD}")
    rejected = tmp_path / "rejected" / str(project.pk)
    rejected.mkdir(parents=True)
    (rejected / "x.jsonl").write_text(f'{{"raw": "{WORD}"}}')
    yield project
    calls.close()


def people_say(project: Project, *names: str) -> list[User]:
    people = [factories.make_member(project, name, Role.ANNOTATOR) for name in names]
    for person in people:
        item = Item.objects.get(project=project, identity="first")
        for case in item.cases.select_related("criterion"):
            label = {"relevance": "fits", "specificity": "concrete"}[case.criterion.key]
            new = NewJudgment(case.pk, label, note=f"because {WORD}")
            judgments.record([new], rater=projects.rater_of(person), by=person)
    return people


def test_the_word_was_everywhere_and_is_nowhere(lived: Project, tmp_path: Path) -> None:
    people_say(lived, "ann", "ben")
    first = exports.make(lived, Order(format="labels"), tmp_path / "export", by=None)
    shutil.rmtree(tmp_path / "export")
    assert {"judge_item", "judge_context", "judge_judgmenttext", "llm_judge_completion"} <= rows_with(WORD).keys()
    assert files_with(WORD)
    before = (Judgment.objects.count(), AgreedLabel.objects.count(), Case.objects.count())

    done = erasures.erase(lived, context="c1", by=None)

    assert (done.n_items, done.n_contexts) == (2, 1)
    assert rows_with(WORD) == {}
    assert files_with(WORD) == []
    assert (Judgment.objects.count(), AgreedLabel.objects.count(), Case.objects.count()) == before
    event_chain.seal_all()
    assert event_chain.breaks(lived.pk) == []
    assert Item.objects.get(identity="other").output == "a lamp"
    with pytest.raises(InputError, match="erased since, so it cannot be made again"):
        exports.make_again(snapshots.find(first.snapshot.pk), tmp_path / "again", by=None)


def test_an_erased_item_leaves_desk_draft_and_queue(lived: Project) -> None:
    ann, ben = (factories.make_member(lived, name, Role.ANNOTATOR) for name in ("ann", "ben"))
    lease = take(lived, ann)
    leases.extend(lease.pk, by=ann, minutes=5, answers={"1": {"note": WORD}})
    item = lease.item
    erasures.erase(lived, item=item.identity, by=None)

    assert not Draft.objects.exists()
    assert Lease.objects.get(pk=lease.pk).outcome == "released"
    assert {case.seats_taken for case in item.cases.all()} == {0}
    assert {case.people_wanted for case in item.cases.all()} == {0}
    came = set()
    while found := leases.claim(lived, by=ben):
        came.add(found.item_id)
        answer(lived, ben, lease=found)
    assert item.pk not in came != set()


def test_a_submit_that_comes_after_the_erasure_brings_no_text_back(lived: Project) -> None:
    """The lease is closed, so the answers are late ones, which are kept as what they are; the note is the person's."""
    ann = factories.make_member(lived, "ann", Role.ANNOTATOR)
    lease = take(lived, ann)
    answers = answers_for(lease)
    erasures.erase(lived, item=lease.item.identity, by=None)
    submissions.submit(lived, by=ann, key=uuid.uuid4(), lease_id=lease.pk, answers=answers)
    item = Item.objects.get(pk=lease.item_id)
    assert (item.output, {case.seats_taken for case in item.cases.all()}) == (None, {0})


def test_words_of_a_case_that_was_sent_back_leave_too(lived: Project) -> None:
    ada = factories.make_member(lived, "ada", Role.ADJUDICATOR)
    case = Case.objects.filter(item__identity="first").first()
    assert case is not None
    Case.objects.filter(pk=case.pk).update(stage=Stage.ADJUDICATION)
    adjudication.send_back(case, by=ada, note=f"ask about {WORD}")
    assert "judge_judgmenttext" in rows_with(WORD)
    erasures.erase(lived, item="first", by=None)
    assert "judge_judgmenttext" not in rows_with(WORD)


def test_an_emptied_reply_answers_no_later_question(lived: Project) -> None:
    """An equal text that is imported again is asked anew, not answered from what was erased."""
    erasures.erase(lived, item="first", by=None)
    gone = Completion.objects.filter(case__item__identity="first")
    assert {row.request_key for row in gone} == {None}
    assert all(row.erased_at and not row.raw_text for row in gone)


def test_trials_of_a_prompt_lose_their_texts(lived: Project) -> None:
    case = Case.objects.filter(item__identity="first").first()
    done = Trial.objects.create(
        project=lived, by=factories.make_user("kim"), endpoint=Endpoint.objects.get(name="scripted"), case=case,
        configuration={}, status="done", texts={"prompt": WORD}, finished_at=timezone.now(),
    )  # fmt: skip
    erasures.erase(lived, item="first", by=None)
    done.refresh_from_db()
    assert (done.texts, done.erased_at is None) == ({}, False)


def test_an_archive_that_may_hold_the_text_is_not_handed_out(lived: Project) -> None:
    lea = factories.make_member(lived, "lea", Role.LEAD)
    people_say(lived, "ann", "ben")
    job = export_jobs.ExportJob.objects.create(
        key=uuid.uuid4(), project=lived, order={"format": "labels"}, by=lea
    )  # fmt: skip
    export_jobs.work(job.pk)
    job.refresh_from_db()
    path = export_jobs.archive(job, by=lea)
    assert path is not None
    kept = path.read_bytes()
    erasures.erase(lived, item="first", by=None)
    assert not path.exists()
    path.parent.mkdir(parents=True)
    path.write_bytes(kept)  # on another host nobody removed it
    assert export_jobs.archive(job, by=lea) is None
