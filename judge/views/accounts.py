"""Coming in, going out, and the language a person reads."""

from __future__ import annotations

import importlib
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import logout as end_session
from django.contrib.auth.views import LoginView, PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from judge import access
from judge.models import User

YEAR = 365 * 24 * 60 * 60


@require_http_methods(["GET", "HEAD", "POST"])
@access.public
def login(request: HttpRequest) -> HttpResponse:
    """Django's own login; on a demo installation the public logins stand beside the form."""
    page = LoginView.as_view(redirect_authenticated_user=True, extra_context={"demo_logins": _demo_logins})
    return cast(HttpResponse, page(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access.public
def set_password(request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
    """The first password of an account that was made for somebody: the link works once (judge.actions.invitations)."""
    page = PasswordResetConfirmView.as_view(
        template_name="registration/set_password.html",
        success_url=reverse("projects"),
        post_reset_login=True,
    )
    return cast(HttpResponse, page(request, uidb64=uidb64, token=token))


@require_POST
@access.public
def logout(request: HttpRequest) -> HttpResponse:
    end_session(request)
    return redirect("login")


@never_cache
@require_POST
@access.public
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the language for this browser, and for the account where there is one."""
    response = redirect(_back(request))
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=YEAR, samesite="Lax", httponly=True)
        if isinstance(request.user, User):
            request.user.language = language
            request.user.save(update_fields=["language"])
    return response


def _back(request: HttpRequest) -> str:
    """Where the person was, if that is a page of ours."""
    place = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(place, {request.get_host()}, require_https=request.is_secure())
    return place if is_ours else reverse("projects")


def _demo_logins() -> list[Any]:
    """The demo's public logins (name, password, roles), where the demo is installed and seeded."""
    if not User.objects.filter(is_demo=True).exists():
        return []
    try:
        demo = importlib.import_module("judge.demo")
        return list(demo.logins())
    except (ImportError, AttributeError):
        return []
