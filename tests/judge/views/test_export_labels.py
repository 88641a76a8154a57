from __future__ import annotations

import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from celery import current_app
from django.test import Client
from django.utils import timezone

from judge.actions import export_jobs
from judge.models import ExportJob, Project, Role, Snapshot, User
from judge.tasks import make_export
from tests import factories
from tests.judge.views import stories

Browse = Callable[[User], Client]

pytestmark = pytest.mark.usefixtures("export_state")


def url(project: Project, rest: str = "") -> str:
    return f"/projects/{project.slug}/export/{rest}"


@pytest.fixture
def agreed(project: Project, ann: User, ben: User) -> Project:
    """Two agreed labels."""
    for item in factories.import_items(project, n=3)[:2]:
        for person in (ann, ben):
            stories.person_says(person, stories.first_case(item), "fits")
    return project


def files_of(response: object) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(response.getvalue()))  # type: ignore[attr-defined]
    return {name.split("/")[-1]: archive.read(name) for name in archive.namelist()}


def fetch(client: Client, project: Project) -> dict[str, bytes]:
    return files_of(client.get(url(project, f"{ExportJob.objects.latest('pk').key}/file/")))


@pytest.mark.django_db(transaction=True)
def test_a_trainer_asks_for_criteria_and_days(browse: Browse, agreed: Project, tim: User) -> None:
    client = browse(tim)
    key = stories.first_case(agreed.items.first()).criterion.key
    today = timezone.now().date()
    asked = {"format": "labels", "criterion": [key], "agreed_from": today.isoformat()}

    assert client.post(url(agreed), asked).status_code == 302
    assert len(fetch(client, agreed)["labels.jsonl"].splitlines()) == 2

    assert client.post(url(agreed), asked | {"agreed_until": today.isoformat()}).status_code == 302
    assert ExportJob.objects.latest("pk").order["where"] == [f"criterion={key}", f"since={today}", f"until={today}"]
    assert ExportJob.objects.latest("pk").n_rows == 0

    page = client.post(url(agreed), asked | {"criterion": ["no such"], "agreed_from": "yesterday"})
    assert page.status_code == 400
    assert set(page.context["form"].errors) == {"criterion", "agreed_from"}


@pytest.mark.django_db(transaction=True)
def test_trainer_downloads_as_many_rows_as_the_page_promised(browse: Browse, agreed: Project, tim: User) -> None:
    """Without a queue it is made by a process beside the web process."""
    client = browse(tim)
    assert '<td class="number" data-name="Agreed labels">2</td>' in client.get(url(agreed)).text

    assert client.post(url(agreed), {"format": "labels"}).status_code == 302

    assert "Download" in client.get(url(agreed)).text
    found = fetch(client, agreed)
    assert set(found) == {"labels.jsonl", "manifest.json", "README.md"}
    assert len(found["labels.jsonl"].splitlines()) == 2
    assert json.loads(found["manifest.json"])["files"][0]["rows"] == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue")
def test_where_there_is_a_queue_a_worker_of_exports_makes_it(browse: Browse, agreed: Project, tim: User) -> None:
    client = browse(tim)
    with current_app.connection_for_write() as broker:
        waiting = broker.SimpleQueue("export")
        client.post(url(agreed), {"format": "labels"})
        assert "waits for a worker" in client.get(url(agreed)).text

        message = waiting.get(block=False)
        message.ack()
        waiting.close()
    assert message.headers["task"] == make_export.name
    make_export(*message.payload[0])

    assert len(fetch(client, agreed)["labels.jsonl"].splitlines()) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("exports_made_here")
def test_the_form_chooses_kind_split_and_filters(browse: Browse, agreed: Project, tim: User) -> None:
    client = browse(tim)
    told = {"format": "labels", "kind": "csv", "split": ".5/.5", "basis": ["consensus"], "generator": "none such"}
    client.post(url(agreed), told)

    snapshot = Snapshot.objects.get()
    assert (snapshot.kind, snapshot.n_rows) == ("csv", 0)
    assert snapshot.filters == {"basis": ["consensus"], "generator": ["none such"]}
    assert {"labels-train.csv", "labels-test.csv"} < set(fetch(client, agreed))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("exports_made_here")
def test_a_snapshot_is_made_again_from_the_page(browse: Browse, agreed: Project, tim: User) -> None:
    client = browse(tim)
    client.post(url(agreed), {"format": "labels"})
    first = fetch(client, agreed)

    client.post(url(agreed, f"snapshots/{Snapshot.objects.get().pk}/again/"))

    assert "Make again" in client.get(url(agreed)).text
    assert fetch(client, agreed) == first
    assert Snapshot.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("exports_made_here")
def test_a_split_that_is_none_is_told_beside_the_form(browse: Browse, agreed: Project, tim: User) -> None:
    response = browse(tim).post(url(agreed), {"format": "labels", "split": "half"})

    assert response.status_code == 400
    assert "&quot;half&quot; is no split" in response.text
    assert not ExportJob.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("exports_made_here")
def test_what_stops_an_export_is_told_where_it_was_asked_for(browse: Browse, agreed: Project, tim: User) -> None:
    client = browse(tim)
    client.post(url(agreed), {"format": "dpo", "kind": "csv", "dialect": "ms-swift"})

    assert "cannot be written as csv" in client.get(url(agreed)).text


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("exports_made_here")
def test_nobody_else_fetches_the_file_and_nobody_after_a_week(
    browse: Browse, agreed: Project, tim: User, lea: User
) -> None:
    client = browse(tim)
    client.post(url(agreed), {"format": "labels"})
    job = ExportJob.objects.get()
    address = url(agreed, f"{job.key}/file/")
    assert browse(lea).get(address).status_code == 404

    (archive,) = (Path(os.environ["COJUDGE_STATE"]) / "exports" / str(agreed.pk)).glob("*.zip")
    long_ago = time.time() - export_jobs.KEEP_SECONDS - 60
    os.utime(archive, (long_ago, long_ago))
    client.post(url(agreed), {"format": "sft"})

    assert client.get(address).status_code == 404
    assert "no longer kept" in client.get(url(agreed)).text


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("exports_made_here")
def test_a_trainer_who_became_lead_reads_no_certify_case_from_an_old_file(
    browse: Browse, agreed: Project, tim: User
) -> None:
    client = browse(tim)
    client.post(url(agreed), {"format": "labels"})
    job = ExportJob.objects.get()
    factories.make_member(agreed, "tim", Role.LEAD)

    assert client.get(url(agreed, f"{job.key}/file/")).status_code == 404
    client.post(url(agreed, f"snapshots/{job.snapshot_id}/again/"))
    assert "labels of certify cases" in client.get(url(agreed)).text


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("exports_made_here")
def test_a_message_that_comes_twice_makes_one_export(browse: Browse, agreed: Project, tim: User) -> None:
    browse(tim).post(url(agreed), {"format": "labels"})
    make_export(ExportJob.objects.get().pk)

    assert Snapshot.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_list_of_jobs_stops_asking_once_none_moves(browse: Browse, agreed: Project, tim: User) -> None:
    client = browse(tim)
    ExportJob.objects.create(key="0" * 32, project=agreed, order={"format": "labels"}, n_labels=2, by=tim)
    moving = client.get(url(agreed), headers={"HX-Request": "true"})
    assert (moving.status_code, "waits for a worker" in moving.text) == (200, True)

    ExportJob.objects.update(state=ExportJob.State.FAILED, why="the disk is full")
    ended = client.get(url(agreed), headers={"HX-Request": "true"})
    assert (ended.status_code, "the disk is full" in ended.text) == (286, True)


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
