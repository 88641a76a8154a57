"""Adjudication over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from annotation.rules.answers import Answer
from judge.models import AgreedLabel, Case, Project, User
from judge.rules.stages import Stage
from tests import factories
from tests.annotation.answering import BAD, GOOD, answer

Browse = Callable[[User], Client]


@pytest.fixture
def case(project: Project, ann: User, ben: User) -> Case:
    factories.import_items(project)
    answer(project, ben, BAD)
    answer(project, ann, GOOD | {"relevance": Answer(is_flagged=True, note="a private address")})
    return Case.objects.get(criterion__key="relevance")


def url(name: str, project: Project, case: Case | None = None) -> str:
    return reverse(name, kwargs={"slug": project.slug} | ({"case_id": case.pk} if case else {}))


def test_an_adjudicator_reads_the_answers_and_decides(project: Project, case: Case, ada: User, browse: Browse) -> None:
    client = browse(ada)
    assert url("dispute", project, case) in client.get(url("adjudication", project)).content.decode()
    page = client.get(url("dispute", project, case)).content.decode()
    assert "a private address" in page
    assert "Answer A" in page
    assert not [name for name in ("Ann", "Ben") if f">{name}" in page or f" {name} " in page]
    response = client.post(url("decide", project, case), {f"answer-{case.pk}": "label:weak"})
    assert response["Location"] == url("adjudication", project)
    assert AgreedLabel.objects.get(case=case).basis == "adjudicated"


def test_a_decision_without_a_label_is_asked_again(project: Project, case: Case, ada: User, browse: Browse) -> None:
    response = browse(ada).post(url("decide", project, case))
    assert response.status_code == 422
    assert "no label chosen" in response.content.decode()
    assert not AgreedLabel.objects.filter(case=case).exists()


def test_a_second_decision_is_refused_in_words(project: Project, case: Case, ada: User, browse: Browse) -> None:
    client, form = browse(ada), {f"answer-{case.pk}": "label:weak"}
    client.post(url("decide", project, case), form)
    response = client.post(url("decide", project, case), {f"answer-{case.pk}": "label:fits"})
    assert response.status_code == 400
    assert "no longer waits" in response.content.decode()
    assert client.get(url("dispute", project, case)).status_code == 302
    assert AgreedLabel.objects.get(case=case).label == "weak"


def test_a_case_is_sent_back(project: Project, case: Case, ada: User, browse: Browse) -> None:
    browse(ada).post(url("send_back", project, case), {f"note-{case.pk}": "one more pair of eyes"})
    case.refresh_from_db()
    assert case.stage == Stage.PEOPLE


def test_only_adjudicators_get_in(project: Project, case: Case, ann: User, stranger: User, browse: Browse) -> None:
    for name, send in (("adjudication", "get"), ("dispute", "get"), ("decide", "post"), ("send_back", "post")):
        address = url(name, project, None if name == "adjudication" else case)
        assert getattr(browse(ann), send)(address).status_code == 403
        assert getattr(browse(stranger), send)(address).status_code == 404
        assert getattr(browse(ann), "post" if send == "get" else "get")(address).status_code == 405


def test_a_case_of_another_project_is_not_found(case: Case, ada: User, browse: Browse) -> None:
    other = factories.make_project("Other")
    factories.make_member(other, "ada", factories.Role.ADJUDICATOR)
    assert browse(ada).post(url("decide", other, case), {f"answer-{case.pk}": "label:weak"}).status_code == 404
    assert browse(ada).post(url("send_back", other, case)).status_code == 404
