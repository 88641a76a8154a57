from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from judge.models import Item, Project, User
from tests import factories

Browse = Callable[[User], Client]
SURE = {"what": "item", "id": "item-0", "is_sure": "on"}


def url(project: Project) -> str:
    return f"/projects/{project.slug}/texts/"


def test_lead_erases_an_item_and_sees_it_told(browse: Browse, project: Project, lea: User) -> None:
    factories.import_items(project, n=2)
    response = browse(lea).post(url(project), SURE | {"reason": "they asked"}, follow=True)
    assert "The texts of 1 item are erased." in response.text
    assert "they asked" in response.text
    assert Item.objects.get(identity="item-0").output is None
    assert Item.objects.get(identity="item-1").output == "tent number 1"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (SURE | {"is_sure": ""}, "This field is required."),
        (SURE | {"id": "nope"}, "there is no item"),
        (SURE | {"what": "everything"}, "not one of the available choices"),
        ({"keeping": "1", "days": "0"}, "greater than or equal to 1"),
    ],
)
def test_mistakes_are_told_and_nothing_goes(
    browse: Browse, project: Project, lea: User, form: dict[str, str], said: str
) -> None:
    factories.import_items(project)
    response = browse(lea).post(url(project), form)
    assert (response.status_code, said in response.text) == (400, True)
    assert Item.objects.get(identity="item-0").output is not None


def test_lead_sets_how_long_texts_are_kept(browse: Browse, project: Project, lea: User) -> None:
    response = browse(lea).post(url(project), {"keeping": "1", "days": "90"}, follow=True)
    project.refresh_from_db()
    assert (response.status_code, project.keep_texts_days) == (200, 90)
    assert 'value="90"' in response.text


def test_others_may_not(browse: Browse, project: Project, ann: User, tim: User) -> None:
    factories.import_items(project)
    for person in (ann, tim):
        assert browse(person).post(url(project), SURE).status_code == 403
    assert Item.objects.get(identity="item-0").output is not None


def test_the_command_says_what_it_did(project: Project) -> None:
    factories.import_items(project, n=2)
    out = StringIO()
    call_command("erase", project.slug, item="item-0", stdout=out)
    assert "erased the texts of 1 items and 0 contexts" in out.getvalue()
    with pytest.raises(CommandError, match='there is no item "nope"'):
        call_command("erase", project.slug, item="nope")
