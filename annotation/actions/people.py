"""People who join a project: an account where there is none, and their roles."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from judge.actions import events, invitations, projects
from judge.errors import InputError
from judge.models import Project, Role, User

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Joined:
    """``password`` is set only where one was made here: it is told once and stored nowhere."""

    user: User
    is_new: bool
    password: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """``path`` of the one-time link; empty where the account is somebody's already."""

    user: User
    is_new: bool
    path: str


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


@transaction.atomic
def invite(
    project: Project, username: str, *, email: str = "", roles: Sequence[Role] = (Role.ANNOTATOR,), by: User
) -> Invitation:
    """Give ``username`` the roles in the project. Where there is no account one is made without a password, and whoever
    holds the link sets it. The same again makes a new link as long as no password was set.

    Raises InputError for a name or an address that cannot be one.
    """
    user = User.objects.filter(username=username).first()
    is_new = user is None
    user = user or _make(username, None, email=email)
    projects.add_member(project, user, *roles, by=by)
    path = invitations.path_for(user) if invitations.may_have_link(user, project) else ""
    events.note(project, "invited", by=by, subject=f"user:{user.pk}")
    return Invitation(user, is_new, path)


def annotators(project: Project) -> QuerySet[User]:
    """Those who answer in the project, by name."""
    found = User.objects.filter(memberships__project=project, memberships__role=Role.ANNOTATOR, is_active=True)
    return found.order_by("username", "pk")


def waiting_for_password(project: Project, users: Iterable[User]) -> set[int]:
    """Those of them who have not used their link yet, so that a new one may be made."""
    unused = [user for user in users if not user.has_usable_password()]
    return {user.pk for user in unused if invitations.may_have_link(user, project)}


def mail_invitation(invitation: Invitation, link: str, project: Project) -> bool:
    """Mail the link, where mail is set up and the account has an address; whether it was sent."""
    if not (settings.MAIL_URL and invitation.user.email):
        return False
    words = {"project": project.name, "username": invitation.user.get_username(), "link": link}
    message = EmailMessage(
        subject=_("You are invited to %(project)s") % words,
        body=_("Your username is %(username)s. Set a password here; the link works once:\n\n%(link)s\n") % words,
        to=[invitation.user.email],
    )
    try:
        message.send()
    except OSError:  # what sockets and smtplib raise
        logger.exception("the invitation of %s to %s was not sent", words["username"], project.slug)
        return False
    return True


def _make(username: str, password: str | None, *, email: str = "") -> User:
    """``password`` None: nobody can log in before one was set with a link."""
    user = User(username=username, email=email)
    user.set_password(password)
    try:
        user.full_clean()
        if password is not None:
            validate_password(password, user)
    except ValidationError as error:
        raise InputError(" ".join(error.messages), where=username) from error
    user.save()
    return user
