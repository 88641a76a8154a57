"""The workbench over HTTP: who may open it, what it shows, what it never shows."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.actions import leases
from annotation.models import Lease, Submission
from judge.actions import judges, judgments, projects
from judge.actions.judgments import NewJudgment
from judge.models import AgreedLabel, Case, Item, Judgment, Project, Rater, Role, SkillTable, User
from tests import factories
from tests.annotation.answering import BAD, answer, run_out, take
from tests.annotation.views.forms import GOOD_FORM, HTMX, filled

Browse = Callable[[User], Client]
MARKER = "planted-marker-7f3a"


def url(name: str, project: Project, **more: Any) -> str:
    return reverse(name, kwargs={"slug": project.slug, **more})


@pytest.fixture
def items(project: Project) -> list[Item]:
    return factories.import_items(project, n=3)


@pytest.mark.usefixtures("items")
def test_an_annotator_answers_and_gets_the_next_item(project: Project, ann: User, browse: Browse) -> None:
    client = browse(ann)
    page = client.get(url("workbench", project)).content.decode()
    response = client.post(url("submit_answers", project), filled(page, **GOOD_FORM), follow=True)
    assert response.redirect_chain == [(url("workbench", project), 302)]
    assert Judgment.objects.filter(rater__user=ann, purpose="vote").count() == 2
    assert Lease.objects.filter(person=ann, closed_at=None).count() == 1
    assert "<strong data-count>1</strong>" in response.content.decode()


@pytest.mark.usefixtures("items")
def test_the_same_page_sent_twice_is_stored_once(project: Project, ann: User, browse: Browse) -> None:
    client = browse(ann)
    form = filled(client.get(url("workbench", project)).content.decode(), **GOOD_FORM)
    first = client.post(url("submit_answers", project), form, headers=HTMX)
    again = client.post(url("submit_answers", project), form, headers=HTMX)
    assert "data-was-submitted" in first.content.decode()
    assert "stored once" in again.content.decode()
    assert (Submission.objects.count(), Judgment.objects.count()) == (1, 2)


@pytest.mark.usefixtures("items")
def test_a_refused_submit_comes_back_with_what_was_chosen(project: Project, ann: User, browse: Browse) -> None:
    client = browse(ann)
    form = filled(client.get(url("workbench", project)).content.decode(), relevance="label:weak")
    response = client.post(url("submit_answers", project), form)
    page = response.content.decode()
    assert response.status_code == 422
    assert "specificity: no answer yet" in page
    assert re.search(r'value="label:weak"[^>]* checked', page)
    assert f'name="key" value="{form["key"]}"' in page
    assert not Submission.objects.exists()


@pytest.mark.usefixtures("items")
def test_a_late_submit_is_kept_and_the_person_is_told(
    project: Project, ann: User, ben: User, cleo: User, browse: Browse
) -> None:
    client = browse(ann)
    form = filled(client.get(url("workbench", project)).content.decode(), **GOOD_FORM)
    run_out(Lease.objects.get())
    leases.sweep_expired()
    for person in (ben, cleo):
        answer(project, person, BAD)
    response = client.post(url("submit_answers", project), form, headers=HTMX)
    assert "kept as extra" in response.content.decode()
    assert Judgment.objects.filter(rater__user=ann, purpose="extra").count() == 2


@pytest.mark.usefixtures("items")
def test_a_draft_is_there_again_after_a_reload(project: Project, ann: User, browse: Browse) -> None:
    client = browse(ann)
    form = filled(client.get(url("workbench", project)).content.decode(), relevance="label:weak")
    answered = client.post(url("save_draft", project), form)
    assert answered.json()["seconds_left"] > 1_000
    assert re.search(r'value="label:weak"[^>]* checked', client.get(url("workbench", project)).content.decode())
    client.post(url("release_item", project), {"lease": form["lease"]})
    gone = client.post(url("save_draft", project), form)
    assert (gone.status_code, "still submit" in gone.json()["problem"]) == (409, True)


def test_the_empty_queue_says_why(project: Project, ann: User, browse: Browse) -> None:
    assert "Nothing has been imported" in browse(ann).get(url("workbench", project)).content.decode()


PAGES = ("workbench", "recent")
POSTS = ("submit_answers", "save_draft", "release_item")


def test_strangers_find_nothing_and_other_roles_are_refused(
    project: Project, stranger: User, lea: User, tim: User, browse: Browse
) -> None:
    viewer = factories.make_member(project, "vic", Role.VIEWER)
    for name in (*PAGES, *POSTS):
        send = "get" if name in PAGES else "post"
        assert getattr(browse(stranger), send)(url(name, project)).status_code == 404
        for person in (viewer, lea, tim):
            assert getattr(browse(person), send)(url(name, project)).status_code == 403
        assert getattr(Client(), send)(url(name, project)).status_code == 302


def test_every_page_refuses_the_wrong_method(project: Project, ann: User, browse: Browse) -> None:
    client = browse(ann)
    assert [client.post(url(name, project)).status_code for name in PAGES] == [405] * 2
    assert [client.get(url(name, project)).status_code for name in POSTS] == [405] * 3


@pytest.mark.usefixtures("items")
def test_nobody_submits_for_somebody_else(project: Project, ann: User, ben: User, browse: Browse) -> None:
    form = filled(browse(ann).get(url("workbench", project)).content.decode(), **GOOD_FORM)
    response = browse(ben).post(url("submit_answers", project), form)
    assert response.status_code == 400
    assert not Judgment.objects.exists()


@pytest.mark.usefixtures("items")
def test_an_unreadable_form_is_refused_in_words(project: Project, ann: User, browse: Browse) -> None:
    client = browse(ann)
    for form in ({}, {"key": "no", "lease": "x"}, {"key": str(uuid.uuid4()), "lease": "9" * 18}):
        assert client.post(url("submit_answers", project), form).status_code == 400


def test_hostile_text_is_inert(project: Project, ann: User, browse: Browse) -> None:
    hostile = "<script>alert(1)</script>{{ 7|add:1 }}{% now 'Y' %}\u202egnp.exe"
    factories.import_items(project, lines=[{"id": "x", "context": {hostile: [hostile]}, "output": hostile}])
    page = browse(ann).get(url("workbench", project)).content.decode()
    assert "<script>alert" not in page
    page = re.sub("</?mark>", "", page)
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:1 }}") == 3


def test_chinese_text_is_marked_as_chinese(project: Project, ann: User, browse: Browse) -> None:
    factories.import_items(project, lines=[{"id": "x", "context": {"profile": "住在成都"}, "output": "防烫盖碗"}])
    page = browse(ann).get(url("workbench", project)).content.decode()
    assert re.search(r'lang="zh"[^>]*>防烫盖碗', page)
    assert re.search(r'lang="zh"[^>]*>住在成都', page)


@pytest.fixture
def judged(project: Project, items: list[Item], ben: User) -> None:
    """A machine has spoken on every case and given its reasons; so did another person, in a note."""
    machine = Rater.objects.create(
        kind="machine", name=f"{MARKER} model", configuration={}, configuration_hash="x" * 64
    )
    for case in Case.objects.filter(project=project).select_related("criterion"):
        label = case.criterion.question.label_keys[0]
        new = NewJudgment(case.pk, label, probs={label: 1.0}, rationale=f"because {MARKER}", note=MARKER)
        judgments.record([new], rater=machine)
    Item.objects.update(generator=MARKER, meta={"notes": MARKER})


@pytest.mark.usefixtures("judged")
def test_no_page_of_an_annotator_shows_what_a_machine_said(
    project: Project, ann: User, ada: User, browse: Browse
) -> None:
    client = browse(ann)
    pages = [client.get(url("workbench", project))]
    form = filled(pages[0].content.decode(), relevance="flag", specificity="label:concrete")
    pages.append(client.post(url("submit_answers", project), form, headers=HTMX))
    pages += [client.get(url("recent", project)), client.get(url("edit_answers", project, key=form["key"]))]
    assert Judgment.objects.filter(text__rationale__contains=MARKER).exists()
    judge = browse(ada)
    pages.append(judge.get(url("adjudication", project)))
    case = Case.objects.get(stage="adjudication")
    pages.append(judge.get(url("dispute", project, case_id=case.pk)))
    assert [page.status_code for page in pages] == [200] * 6
    assert not [page.request["PATH_INFO"] for page in pages if MARKER in page.content.decode()]


def count_queries(client: Client, project: Project) -> int:
    """Statements of one submit that brings the next item, without BEGIN, COMMIT and savepoints."""
    form = filled(client.get(url("workbench", project)).content.decode(), **GOOD_FORM)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.post(url("submit_answers", project), form, headers=HTMX).status_code == 200
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return sum(not each["sql"].startswith(control) for each in captured.captured_queries)


@pytest.mark.usefixtures("items")
def test_submit_and_next_item_stay_within_their_queries(project: Project, ann: User, ben: User, browse: Browse) -> None:
    for person in (ann, ben):
        projects.rater_of(person)
    first, deciding = (count_queries(browse(person), project) for person in (ann, ben))
    assert first <= 12
    assert deciding <= 12, "the vote that settles a case also writes its label"


@pytest.mark.usefixtures("judged")
def test_queries_stay_the_same_where_a_judge_is_in_force_and_no_skill_was_read_yet(
    project: Project, items: list[Item], ann: User, ben: User, browse: Browse
) -> None:
    judges.put_in_force(project, [Rater.objects.get(kind="machine")], name="in force", by=None)
    for person in (ann, ben):
        projects.rater_of(person)
    for criterion in project.criteria.all():
        SkillTable.objects.create(criterion=criterion, confusions={})
    first, deciding = (count_queries(browse(person), project) for person in (ann, ben))
    assert first <= 12
    assert deciding <= 12, "it reads what the judge said, and skills, and writes labels"
    label = AgreedLabel.objects.get(criterion__key="relevance")
    assert label.probs["fits"] > 0.999, "p̂ = 1 stands in the soft label"


def test_a_claim_by_a_person_without_answers_needs_no_rater(project: Project, ann: User, items: list[Item]) -> None:
    assert take(project, ann).item_id in {item.pk for item in items}
    assert not Rater.objects.filter(user=ann).exists()
