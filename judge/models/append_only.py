"""Rows that only ever grow by new rows. Python refuses politely; a trigger in Postgres refuses for good.

A table may name *movable* columns (an agreed label's status, say). They move only inside :func:`moving`,
which the owning action opens for one transaction; every other column never changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.db import connection, models, transaction

from judge.errors import AppendOnlyError

#: The setting that :func:`moving` holds while an action moves a row; the trigger of migration 0002 reads it.
SETTING = "cojudge.moving"


class AppendOnlyQuerySet[M: models.Model](models.QuerySet[M]):
    def delete(self) -> Any:
        raise AppendOnlyError(_refusal(self.model))

    def update(self, **columns: Any) -> int:
        movable = getattr(self.model, "movable", ())
        if not set(columns) <= set(movable):
            raise AppendOnlyError(_refusal(self.model))
        return super().update(**columns)


class AppendOnly(models.Model):
    """Base of every append-only row. ``movable`` lists the columns that an action may move."""

    movable: ClassVar[tuple[str, ...]] = ()

    objects: ClassVar[models.Manager[Any]] = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError(_refusal(type(self)))
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise AppendOnlyError(_refusal(type(self)))


@contextmanager
def moving(model: type[AppendOnly]) -> Iterator[None]:
    """Let this transaction move the movable columns of ``model``."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, model._meta.db_table])
        yield
        cursor.execute("SELECT set_config(%s, '', true)", [SETTING])


def append_only_models() -> list[type[AppendOnly]]:
    """Every concrete append-only model: the list that the admin, the triggers and the tests go by."""
    from django.apps import apps

    return [model for model in apps.get_models() if issubclass(model, AppendOnly)]


def _refusal(model: type[models.Model]) -> str:
    name = model._meta.verbose_name
    return f"A {name} is never changed or deleted (expected: a new row that supersedes it)."
