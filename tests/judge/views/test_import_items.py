from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from judge.models import Item, Project, Role, User
from tests import factories
from tests.judge.views import stories

Browse = Callable[[User], Client]

GOOD = [{"id": f"up-{n}", "context": "likes tents", "output": f"tent {n}"} for n in range(3)]


def url(project: Project) -> str:
    return f"/projects/{project.slug}/import/"


def upload(lines: list[object], name: str = "items.jsonl") -> SimpleUploadedFile:
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    return SimpleUploadedFile(name, gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())


@pytest.mark.parametrize("name", ["items.jsonl", "items.jsonl.gz"])
def test_lead_uploads_a_file_and_reads_what_went_in(browse: Browse, lea: User, project: Project, name: str) -> None:
    page = browse(lea).post(url(project), {"file": upload([*GOOD], name)}).text

    assert "3 new items" in page
    assert Item.objects.filter(project=project).count() == 3


def test_same_file_twice_adds_nothing_and_says_so(browse: Browse, lea: User, project: Project) -> None:
    client = browse(lea)
    client.post(url(project), {"file": upload([*GOOD])})

    page = client.post(url(project), {"file": upload([*GOOD])}).text

    assert "Nothing new" in page
    assert Item.objects.filter(project=project).count() == 3


def test_bad_lines_are_told_by_number_and_can_be_fetched(browse: Browse, lea: User, project: Project) -> None:
    client = browse(lea)
    page = client.post(url(project), {"file": upload([GOOD[0], "{broken", {"id": "x"}, GOOD[1]])}).text

    assert "2 new items" in page
    assert "The first 2 problems" in page
    link = re.search(r'href="(/projects/[^"]*/rejected/)"', page)
    assert link is not None
    fetched = client.get(link[1])
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    assert len(fetched.getvalue().splitlines()) == 2


def test_rejected_lines_are_for_leads_of_that_project(
    browse: Browse, lea: User, project: Project, stranger: User
) -> None:
    page = browse(lea).post(url(project), {"file": upload(["{broken"])}).text
    key = re.search(r"import/([0-9a-f-]{36})/rejected/", page)
    assert key is not None
    ann = factories.make_member(project, "ann", Role.ANNOTATOR)

    assert browse(ann).get(f"{url(project)}{key[1]}/rejected/").status_code == 403
    assert browse(stranger).get(f"{url(project)}{key[1]}/rejected/").status_code == 404
    assert browse(stranger).get(f"/projects/elsewhere/import/{key[1]}/rejected/").status_code == 404


def test_many_problems_are_cut_and_the_rest_is_counted(browse: Browse, lea: User, project: Project) -> None:
    page = browse(lea).post(url(project), {"file": upload(["{broken"] * 25)}).text

    assert "The first 20 problems" in page
    assert "and 5 more" in page


@pytest.mark.parametrize(("content", "said"), [
    (b"", "The file is empty"),
    (b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, "expected"),
])  # fmt: skip
def test_file_that_cannot_be_taken_is_refused_in_words(
    browse: Browse, lea: User, project: Project, content: bytes, said: str
) -> None:
    response = browse(lea).post(url(project), {"file": SimpleUploadedFile("x.bin", content)})

    assert response.status_code == 400
    assert said in response.text
    assert not Item.objects.filter(project=project).exists()


@override_settings(UPLOAD_LIMIT_MB=0)
def test_file_over_the_limit_is_refused_with_the_way_out(browse: Browse, lea: User, project: Project) -> None:
    response = browse(lea).post(url(project), {"file": upload([*GOOD])})

    assert response.status_code == 400
    assert "import_items" in response.text
    assert not Item.objects.filter(project=project).exists()


def test_no_file_is_said(browse: Browse, lea: User, project: Project) -> None:
    assert "Choose a file first." in browse(lea).post(url(project), {}).text


def test_hostile_lines_are_shown_as_text(browse: Browse, lea: User, project: Project) -> None:
    page = browse(lea).post(url(project), {"file": upload([stories.HOSTILE, {"id": stories.HOSTILE}])}).text

    assert "<script>alert" not in page
    assert "<img src=x" not in page


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.LEAD])
def test_others_than_leads_may_not_import(browse: Browse, project: Project, role: Role) -> None:
    response = browse(factories.make_member(project, "kim", role)).post(url(project), {"file": upload([*GOOD])})

    assert response.status_code == 403
    assert not Item.objects.filter(project=project).exists()


def test_stranger_may_not_import(browse: Browse, project: Project, stranger: User) -> None:
    assert browse(stranger).post(url(project), {"file": upload([*GOOD])}).status_code == 404


def test_import_page_cannot_be_deleted(browse: Browse, project: Project, lea: User) -> None:
    assert browse(lea).delete(url(project)).status_code == 405
