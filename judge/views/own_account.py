"""A person's own account: password, second factor, identity. allauth's views, behind our marks and in our pages."""

from __future__ import annotations

from typing import Any, cast

from allauth.account import views as account_views
from allauth.account.internal.stagekit import get_pending_stage
from allauth.mfa.base import views as factor_views
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as code_views
from allauth.mfa.totp import views as totp_views
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from judge import access, lockout, providers
from judge.models import Membership, User

PAGE = ["GET", "HEAD", "POST"]


@never_cache
@require_safe
@access.signed_in
def account(request: access.SignedInRequest) -> HttpResponse:
    """What a person may change about how they come in, and which roles they hold."""
    held = Membership.objects.filter(user=request.user).select_related("project")
    factors = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    context = {
        "has_factor": Authenticator.Type.TOTP in factors,
        "has_codes": Authenticator.Type.RECOVERY_CODES in factors,
        "provider": providers.configured(),
        "identities": list(SocialAccount.objects.filter(user=request.user).order_by("pk")),
        "held": list(held.order_by("project__name", "role")),
    }
    return render(request, "account/account.html", context)


@sensitive_post_parameters()
@require_http_methods(PAGE)
@access.own_account
def account_change_password(request: access.SignedInRequest) -> HttpResponse:
    """Change the own password; every other session of the account ends."""
    if not request.user.has_usable_password():
        return redirect("account")
    return _guarded(account_views.password_change, request, request.user, field="oldpassword")


@sensitive_post_parameters()
@require_http_methods(PAGE)
@access.own_account
def account_reauthenticate(request: access.SignedInRequest) -> HttpResponse:
    """Say the password again before something about the account changes."""
    return _shown(account_views.reauthenticate, request)


@sensitive_post_parameters()
@require_http_methods(PAGE)
@access.public
def mfa_authenticate(request: HttpRequest) -> HttpResponse:
    """The second factor, after the first one. Wrong codes count like wrong passwords."""
    if request.method == "POST" and "code" not in request.POST:
        return redirect("mfa_authenticate")  # allauth would take it for a security key
    stage = get_pending_stage(request)
    return _guarded(factor_views.authenticate, request, stage.login.user if stage else None)


@sensitive_post_parameters()
@require_http_methods(PAGE)
@access.own_account
def mfa_reauthenticate(request: access.SignedInRequest) -> HttpResponse:
    """Say a code again before something about the account changes."""
    return _guarded(factor_views.reauthenticate, request, request.user)


@require_safe
@access.signed_in
def mfa_index(request: access.SignedInRequest) -> HttpResponse:
    """Where allauth leads after a second factor was changed."""
    return redirect("account")


@never_cache
@require_http_methods(PAGE)
@access.own_account
def mfa_activate_totp(request: access.SignedInRequest) -> HttpResponse:
    """Set up an authenticator app as second factor."""
    return _shown(totp_views.activate_totp, request)


@require_http_methods(PAGE)
@access.own_account
def mfa_deactivate_totp(request: access.SignedInRequest) -> HttpResponse:
    """Give the second factor up."""
    return _shown(totp_views.deactivate_totp, request)


@never_cache
@require_safe
@access.own_account
def mfa_view_recovery_codes(request: access.SignedInRequest) -> HttpResponse:
    """The recovery codes, shown once."""
    return _shown(code_views.view_recovery_codes, request)


@require_http_methods(PAGE)
@access.own_account
def mfa_generate_recovery_codes(request: access.SignedInRequest) -> HttpResponse:
    """Make new recovery codes; the old ones are void."""
    return _shown(code_views.generate_recovery_codes, request)


def _guarded(view: Any, request: HttpRequest, user: User | None, *, field: str = "code") -> HttpResponse:
    """A page that takes codes or the password of ``user``: locked like the login page, and counting what is wrong."""
    is_try = request.method == "POST" and user is not None
    if is_try and user and lockout.is_locked(request, user):
        return lockout.locked_page(request)
    response = _shown(view, request)
    told = getattr(response, "context_data", None) or {}
    if is_try and user and "form" in told and field in told["form"].errors:
        lockout.count_failure(request, user)
    return response


def _shown(view: Any, request: HttpRequest) -> HttpResponse:
    """allauth's answer, rendered here so that its errors are ours to see."""
    response = view(request)
    return cast(HttpResponse, response.render() if getattr(response, "is_rendered", True) is False else response)
