"""People who join a project: an account where there is none, and their roles."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from judge.actions import projects
from judge.errors import InputError
from judge.models import Project, Role, User


@dataclass(frozen=True, slots=True)
class Joined:
    """``password`` is set only where one was made here: it is told once and stored nowhere."""

    user: User
    is_new: bool
    password: str = ""


@transaction.atomic
def add_person(
    project: Project, username: str, *, roles: Sequence[Role] = (Role.ANNOTATOR,), password: str = "", by: User | None
) -> Joined:
    """Give ``username`` the roles in the project, making the account if there is none.

    Raises InputError for a name that cannot be one, for a weak password, and for a password given to an account that
    exists: nobody's password is changed in passing.
    """
    user = User.objects.filter(username=username).first()
    if user and password:
        raise InputError(f'there is an account "{username}" already', next_step="Leave the password out.")
    made = "" if user or password else secrets.token_urlsafe(12)
    joined = Joined(user or _make(username, password or made), is_new=user is None, password=made)
    projects.add_member(project, joined.user, *roles, by=by)
    return joined


def _make(username: str, password: str) -> User:
    user = User(username=username)
    user.set_password(password)
    try:
        user.full_clean()
        validate_password(password, user)
    except ValidationError as error:
        raise InputError(" ".join(error.messages), where=username) from error
    user.save()
    return user
