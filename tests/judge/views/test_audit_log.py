from __future__ import annotations

import json
from collections.abc import Callable

from django.test import Client

from judge.actions import event_chain, events
from judge.models import Project, User
from judge.rules.chain import Link, check

Browse = Callable[[User], Client]


def url(project: Project) -> str:
    return f"/projects/{project.slug}/log/"


def test_lead_reads_who_did_what_the_newest_first(browse: Browse, project: Project, lea: User, ann: User) -> None:
    events.note(project, "paused", by=lea, subject=f"user:{ann.pk}", reason="<b>holiday</b>")
    event_chain.seal_all()
    text = browse(lea).get(url(project)).text
    assert text.index("Person paused") < text.index("Project created")
    assert "&lt;b&gt;holiday" in text
    assert event_chain.head(project.pk)[1][:16] in text


def test_older_rows_are_a_page_further_in_few_queries(
    browse: Browse, project: Project, lea: User, django_assert_max_num_queries: object
) -> None:
    for n in range(60):
        events.note(project, "judged", by=lea, n=n)
    client = browse(lea)
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        first = client.get(url(project)).text
    older = first.split("?before=")[1].split('"')[0]
    assert "Project created" not in first
    assert "Project created" in client.get(url(project), {"before": older}).text
    assert client.get(url(project), {"before": "x" * 50}).status_code == 200


def test_the_download_is_the_whole_chain_and_says_that_it_was_taken(
    browse: Browse, project: Project, lea: User
) -> None:
    response = browse(lea).post(f"{url(project)}file/")
    rows = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]
    assert list(check(Link(**row) for row in rows)) == []
    assert (rows[-1]["verb"], rows[-1]["by"]) == ("log exported", lea.pk)
    assert len(rows) == project.events.count()
    assert response["Content-Disposition"] == f'attachment; filename="{project.slug}-log.jsonl"'


def test_others_may_not_and_a_link_alone_takes_nothing(browse: Browse, project: Project, lea: User, ann: User) -> None:
    assert browse(ann).get(url(project)).status_code == 403
    assert browse(ann).post(f"{url(project)}file/").status_code == 403
    assert browse(lea).get(f"{url(project)}file/").status_code == 405
