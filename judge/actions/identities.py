"""Identities at an OpenID Connect provider, and the accounts that they may open."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.utils.translation import gettext as _

from judge.errors import InputError
from judge.models import User


def waiting(addresses: Iterable[EmailAddress]) -> User:
    """The one invited account that nobody has used yet and whose e-mail the provider says is verified.

    Raises InputError where the provider does not say so, and where no account waits: one that somebody uses already is
    linked by that person, signed in, and by nobody's e-mail.
    """
    told = next(iter(addresses), None)
    if told is None:
        raise InputError(
            _("the provider told no e-mail address"), next_step=_("Ask its administrator to send the claim email.")
        )
    if not told.verified:
        raise InputError(
            _("the provider does not say that your e-mail address is verified"),
            next_step=_("Verify it there, or ask its administrator to send the claim email_verified."),
        )
    found = list(User.objects.filter(email__iexact=told.email)[:2])
    if len(found) != 1:
        raise InputError(
            _("no account was invited with your e-mail address"),
            next_step=_("Ask a lead of your project for an invitation to exactly this address."),
        )
    if not is_waiting(found[0]):
        raise InputError(
            _("the account with your e-mail address is in use already"),
            next_step=_("Log in with your password once, and link this identity on the page Account."),
        )
    return found[0]


def is_waiting(user: User) -> bool:
    """Whether an account was made for somebody who has not come in yet. Never one of site admins or of the demo."""
    if not user.is_active or user.is_staff or user.is_superuser or user.is_demo or user.has_usable_password():
        return False
    return not SocialAccount.objects.filter(user=user).exists()
