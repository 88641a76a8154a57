"""One-time links with which somebody sets the first password of an account that was made for them."""

from __future__ import annotations

from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from judge.actions import identities
from judge.models import Membership, Project, User


def path_for(user: User) -> str:
    """The link's path. It works until a password is set with it, at most for PASSWORD_RESET_TIMEOUT seconds."""
    account = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("set_password", kwargs={"uidb64": account, "token": default_token_generator.make_token(user)})


def may_have_link(user: User, project: Project) -> bool:
    """Whether a lead of ``project`` may be given a link for this account: nobody has come in yet, and it opens
    nothing but this project. A lead never gets at an account that somebody uses, here or elsewhere."""
    if not identities.is_waiting(user):
        return False
    return not Membership.objects.filter(user=user).exclude(project=project).exists()
