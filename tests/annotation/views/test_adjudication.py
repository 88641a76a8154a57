"""Adjudication over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import FirstThought
from annotation.rules.answers import Answer
from judge.models import AgreedLabel, Case, Project, Role, User
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


@pytest.fixture
def reasoned(judged: Project, ann: User) -> Case:
    """A case that machines gave reasons for and that somebody flagged."""
    answer(judged, ann, GOOD | {"relevance": Answer(is_flagged=True, note="which one?")})
    return Case.objects.get(stage=Stage.ADJUDICATION)


def test_the_judges_reasons_come_after_the_first_thought_and_both_are_kept(
    judged: Project, reasoned: Case, ada: User, browse: Browse
) -> None:
    client = browse(ada)
    assert "planted reasons" not in client.get(url("dispute", judged, reasoned)).content.decode()
    first = client.post(url("decide", judged, reasoned), {f"answer-{reasoned.pk}": "label:weak"})
    assert first["Location"] == url("dispute", judged, reasoned)
    assert not AgreedLabel.objects.filter(case=reasoned).exists()
    page = client.get(url("dispute", judged, reasoned)).content.decode()
    assert "planted reasons" in page
    assert re.search(r'value="label:weak"[^>]* checked', page)
    client.post(url("decide", judged, reasoned), {f"answer-{reasoned.pk}": "label:fits"})
    assert AgreedLabel.objects.get(case=reasoned).label == "fits"
    assert FirstThought.objects.get(case=reasoned, person=ada).label == "weak"


def test_a_first_thought_is_ones_own_and_ends_with_the_dispute(
    judged: Project, reasoned: Case, ada: User, browse: Browse
) -> None:
    eve = factories.make_member(judged, "eve", Role.ADJUDICATOR)
    browse(ada).post(url("decide", judged, reasoned), {f"answer-{reasoned.pk}": "label:weak"})
    assert "planted reasons" not in browse(eve).get(url("dispute", judged, reasoned)).content.decode()
    Case.objects.filter(pk=reasoned.pk).update(stage_since=timezone.now())
    assert "planted reasons" not in browse(ada).get(url("dispute", judged, reasoned)).content.decode()


@pytest.mark.parametrize("stream", ["certify", "gold", "reference"])
def test_machines_stay_silent_where_people_measure_them(
    judged: Project, reasoned: Case, ada: User, browse: Browse, stream: str
) -> None:
    if stream == "reference":
        Case.objects.filter(pk=reasoned.pk).update(is_reference=True)
    else:
        reasoned.item.stream = stream
        reasoned.item.save(update_fields=["stream"])
    client = browse(ada)
    client.post(url("decide", judged, reasoned), {f"answer-{reasoned.pk}": "label:weak"})
    assert AgreedLabel.objects.get(case=reasoned).label == "weak", "one step, as there is nothing to show"
    assert not FirstThought.objects.exists()
