"""What people may send at the door."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordResetForm, UsernameField
from django.contrib.auth.models import AbstractBaseUser
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from judge.models import User

#: How often one account is mailed a link, in seconds.
PAUSE = 300


class SignInForm(AuthenticationForm):
    """Django's own, with the length of a name checked before anything is asked or counted."""

    username = UsernameField(label=_("Username"), max_length=150, widget=forms.TextInput(attrs={"autofocus": True}))
    password = forms.CharField(
        label=_("Password"), max_length=4096, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip


class ForgottenForm(PasswordResetForm):
    """An address; a link is mailed to the accounts that have it and a password, seldom, and never to the demo's."""

    def get_users(self, email: str) -> list[AbstractBaseUser]:  # type: ignore[override]
        found = [user for user in super().get_users(email) if isinstance(user, User) and not user.is_demo]
        return [user for user in found if cache.add(f"mailed-link:{user.pk}", True, PAUSE)]


def mails() -> bool:
    """Whether links can be mailed at all."""
    return bool(settings.MAIL_URL)
