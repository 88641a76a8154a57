from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from django.test import Client

from judge.models import Project, Role, User
from tests import factories
from tests.judge.views import stories

Browse = Callable[[User], Client]


def url(project: Project) -> str:
    return f"/projects/{project.slug}/export/"


@pytest.fixture
def agreed(project: Project, ann: User, ben: User) -> Project:
    """Two agreed labels."""
    for item in factories.import_items(project, n=3)[:2]:
        for person in (ann, ben):
            stories.person_says(person, stories.first_case(item), "fits")
    return project


@pytest.mark.django_db(transaction=True)
def test_trainer_downloads_as_many_rows_as_the_page_promised(browse: Browse, agreed: Project, tim: User) -> None:
    client = browse(tim)
    assert '<td class="number" data-name="Agreed labels">2</td>' in client.get(url(agreed)).text

    response = client.post(url(agreed), {"format": "labels"})

    archive = zipfile.ZipFile(io.BytesIO(response.getvalue()))
    names = {name.split("/")[-1]: name for name in archive.namelist()}
    assert set(names) == {"labels.jsonl", "manifest.json"}
    assert len(archive.read(names["labels.jsonl"]).splitlines()) == 2
    assert json.loads(archive.read(names["manifest.json"]))["files"][0]["rows"] == 2


@pytest.mark.django_db(transaction=True)
def test_earlier_exports_are_listed(browse: Browse, agreed: Project, tim: User) -> None:
    client = browse(tim)
    client.post(url(agreed), {"format": "sft"}).close()

    assert "Made lately" in client.get(url(agreed)).text


def test_unknown_format_is_refused(browse: Browse, project: Project, tim: User) -> None:
    response = browse(tim).post(url(project), {"format": "everything"})

    assert response.status_code == 400
    assert "everything is not one of the available choices" in response.text


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.ADJUDICATOR, Role.VIEWER])
def test_others_than_leads_and_trainers_may_not_export(browse: Browse, project: Project, role: Role) -> None:
    client = browse(factories.make_member(project, "kim", role))

    assert client.get(url(project)).status_code == 403
    assert client.post(url(project), {"format": "labels"}).status_code == 403


def test_stranger_may_not_export(browse: Browse, project: Project, stranger: User) -> None:
    assert browse(stranger).post(url(project), {"format": "labels"}).status_code == 404


def test_export_page_cannot_be_deleted(browse: Browse, project: Project, lea: User) -> None:
    assert browse(lea).delete(url(project)).status_code == 405
