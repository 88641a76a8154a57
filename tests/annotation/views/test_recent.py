"""Undo over HTTP."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from annotation.actions.submissions import SubmitResult
from judge.models import Judgment, Project, User
from tests import factories
from tests.annotation.answering import answer

Browse = Callable[[User], Client]


@pytest.fixture
def given(project: Project, ann: User) -> SubmitResult:
    factories.import_items(project)
    return answer(project, ann)


def form_on(page: str, labels: dict[str, str]) -> dict[str, object]:
    cases = re.findall(r'name="case" value="(\d+)"', page)
    key = re.findall(r'name="key" value="([^"]+)"', page)[0]
    criteria = dict(zip(cases, ("relevance", "specificity"), strict=True))
    return {"key": key, "case": cases} | {f"answer-{case}": labels[criteria[case]] for case in cases}


def test_an_answer_is_changed_from_the_list(project: Project, ann: User, given: SubmitResult, browse: Browse) -> None:
    client = browse(ann)
    edit = reverse("edit_answers", kwargs={"slug": project.slug, "key": given.key})
    assert edit in client.get(reverse("recent", kwargs={"slug": project.slug})).content.decode()
    page = client.get(edit).content.decode()
    assert re.search(r'value="label:fits"[^>]* checked', page)
    form = form_on(page, {"relevance": "label:weak", "specificity": "label:concrete"})
    assert client.post(edit, form).status_code == 302
    assert client.post(edit, form).status_code == 302, "a double click changes nothing more"
    standing = Judgment.objects.filter(retracted_at=None).values_list("label", flat=True)
    assert sorted(standing) == ["concrete", "weak"]


def test_an_incomplete_change_comes_back(project: Project, ann: User, given: SubmitResult, browse: Browse) -> None:
    client, edit = browse(ann), reverse("edit_answers", kwargs={"slug": project.slug, "key": given.key})
    form = form_on(client.get(edit).content.decode(), {"relevance": "label:weak", "specificity": ""})
    response = client.post(edit, form)
    assert response.status_code == 422
    assert "specificity: no answer yet" in response.content.decode()
    assert Judgment.objects.count() == 2


def test_another_persons_submit_is_not_found(project: Project, ben: User, given: SubmitResult, browse: Browse) -> None:
    for key in (given.key, uuid.uuid4()):
        edit = reverse("edit_answers", kwargs={"slug": project.slug, "key": key})
        assert browse(ben).get(edit).status_code == 404
        assert browse(ben).post(edit).status_code == 404
        assert browse(ben).put(edit).status_code == 405
