from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client, RequestFactory

from judge.models import Item, User, append_only_models
from tests import factories

Browse = Callable[[User], Client]


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password=factories.PASSWORD)


@pytest.mark.parametrize("model", append_only_models(), ids=lambda model: model.__name__)
def test_rows_of_record_can_only_be_read(model: type[Model], root: User) -> None:
    request = RequestFactory().get("/admin/")
    request.user = root
    drawer = admin.site._registry[model]

    assert drawer.has_view_permission(request)
    assert not drawer.has_add_permission(request)
    assert not drawer.has_change_permission(request)
    assert not drawer.has_delete_permission(request)


@pytest.mark.parametrize("model", [*admin.site._registry], ids=lambda model: model.__name__)
def test_every_list_opens(browse: Browse, root: User, model: type[Model]) -> None:
    factories.import_items(factories.make_project("Shop tags"))

    assert browse(root).get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/").status_code == 200


def test_items_are_not_deleted_from_the_admin(browse: Browse, root: User) -> None:
    item = factories.import_items(factories.make_project("Shop tags"))[0]

    assert browse(root).post(f"/admin/judge/item/{item.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Item.objects.filter(pk=item.pk).exists()


def test_members_do_not_reach_the_admin(browse: Browse, lea: User) -> None:
    assert browse(lea).get("/admin/judge/judgment/").status_code == 302
