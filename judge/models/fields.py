"""Column types that Django lacks."""

from __future__ import annotations

from typing import Any

from django.db import models
from psycopg.types.json import Json

from judge.services import secrets


class OrderedJSONField(models.JSONField):
    """JSON kept as it was written: PostgreSQL's ``json``. Its ``jsonb`` (Django's choice) reorders an object's keys,
    and a training file must show an output as the generator wrote it. It cannot be compared or searched inside."""

    def db_type(self, connection: Any) -> str:
        return "json"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value  # psycopg has read it already

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return None if value is None else Json(value)


class SecretField(models.TextField):  # type: ignore[type-arg]
    """Text that lies encrypted in the database and is plain in Python; it cannot be searched for."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else secrets.hide(str(value))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else secrets.reveal(value)
