"""Whose request this is: Django's sessions and accounts, read by statements that are planned once.

Every request asks these two questions first; all else about sessions and passwords is Django's.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session

from judge.actions.prepared import Columns, fetch_row
from judge.models import User

_SESSION, _USER = Columns(Session, "s"), Columns(User, "u")
LIVE_SESSION = f"SELECT {_SESSION.sql} FROM django_session s WHERE s.session_key = %(key)s AND s.expire_date > now()"  # noqa: S608
ACCOUNT = f"SELECT {_USER.sql} FROM judge_user u WHERE u.id = %(user)s"  # noqa: S608


class SessionStore(db.SessionStore):
    """Sessions in the database."""

    def _get_session_from_db(self) -> Session | None:
        row = fetch_row(LIVE_SESSION, key=self.session_key)
        if row is None:
            self._session_key = None
        return _SESSION.row(row) if row else None


class PasswordBackend(ModelBackend):
    """Accounts with passwords in the database."""

    def get_user(self, user_id: Any) -> User | None:
        row = fetch_row(ACCOUNT, user=user_id)
        user = _USER.row(row) if row else None
        return user if user and self.user_can_authenticate(user) else None
