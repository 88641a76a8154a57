"""How people come in: what allauth asks of us. docs/accounts.md tells it to administrators.

Accounts come from invitations alone. A second factor is asked for whatever the first one was.
"""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from judge.actions import events, identities
from judge.errors import InputError, NotAllowed
from judge.http import client_address
from judge.models import User
from judge.services import secrets

logger = logging.getLogger(__name__)

#: Messages that would tell a person what they see.
NEEDLESS = {
    "account/messages/logged_in.txt",
    "account/messages/logged_out.txt",
    "mfa/messages/recovery_codes_generated.txt",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up; every way in ends in :meth:`post_login`."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or "0.0.0.0"  # noqa: S104 (an address that nobody has)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str = "", *args: Any, **more: Any
    ) -> None:
        if message_template not in NEEDLESS:
            super().add_message(request, level, message_template, *args, **more)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        raise NotAllowed(_("This account was closed. Ask a site admin."))

    def post_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse:
        ways = [each["method"] for each in request.session.get("account_authentication_methods", ())]
        events.note(None, "signed in", by=user, subject=f"user:{user.pk}", ways=ways)
        page: HttpResponse = super().post_login(request, user, **more)
        return page


class IdentityAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """A provider's word opens an account that it opened before, or one that waits for its first sign-in."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Raises ImmediateHttpResponse with a page in words where the identity opens nothing."""
        if sociallogin.is_existing or sociallogin.state.get("process") == "connect":
            return
        try:
            user = identities.waiting(sociallogin.email_addresses)
        except InputError as error:
            raise ImmediateHttpResponse(_refused(request, error)) from error
        sociallogin.connect(request, user)
        events.note(None, "identity linked", by=user, subject=f"user:{user.pk}", how="invitation")

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        """Those of the environment alone: a row in the database must not open a second door. Costs no query."""
        found = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for apps in found.values() for app in apps]

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return "/account/"

    def on_authentication_error(self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None,
                                extra_context: Any = None) -> None:  # fmt: skip
        logger.warning("sign-in at %s failed: %s %s", provider.name, error, exception or "")


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors; their secrets are encrypted in the database."""

    def encrypt(self, text: str) -> str:
        return secrets.hide(text)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.reveal(encrypted_text)

    def get_totp_label(self, user: User) -> str:
        return user.get_username()


def _refused(request: HttpRequest, error: InputError) -> HttpResponse:
    logger.warning("an identity was refused: %s", error.problem)
    events.note(None, "identity refused", by=None, reason=error.problem)
    return render(request, "account/identity_refused.html", {"error": error}, status=403)
