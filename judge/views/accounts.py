"""Coming in, going out, and the language a person reads."""

from __future__ import annotations

import importlib
from typing import Any, cast

from allauth.account.internal.flows.login import perform_login, perform_password_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth import logout as end_session
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, LoginView, PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from judge import access, lockout, providers
from judge.account_forms import ForgottenForm, SignInForm, mails
from judge.actions import events
from judge.models import User

YEAR = 365 * 24 * 60 * 60


class Door(LoginView):
    """Django's form, allauth's way in: a second factor is asked for before anybody is signed in."""

    form_class = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        way_in = Login(user=form.get_user(), redirect_url=self.get_success_url())
        name = form.cleaned_data["username"]
        return cast(HttpResponse, perform_password_login(self.request, {"username": name}, way_in))


class FirstPassword(PasswordResetConfirmView):
    """The link proves who it is; a second factor is asked for all the same."""

    template_name = "registration/set_password.html"

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.save()
        self.request.session.pop(INTERNAL_RESET_SESSION_TOKEN, None)
        lockout.forget(user)
        events.note(None, "password set", by=user, subject=f"user:{user.pk}")
        return cast(HttpResponse, perform_login(self.request, Login(user=user, redirect_url=reverse("projects"))))


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@access.public
def login(request: HttpRequest) -> HttpResponse:
    """Come in, by a password or by a provider; on a demo installation the public logins stand beside the form."""
    more = {"demo_logins": _demo_logins, "provider": providers.configured(), "mails": mails()}
    return cast(HttpResponse, Door.as_view(extra_context=more)(request))


@require_safe
@access.public
def account_login(request: HttpRequest) -> HttpResponse:
    """The name that allauth knows the login page by."""
    return redirect("login")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access.public
def set_password(request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
    """Set a password with a link that works once: the first of an invited account, or a new one by mail."""
    return cast(HttpResponse, FirstPassword.as_view()(request, uidb64=uidb64, token=token))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access.public
def forgot_password(request: HttpRequest) -> HttpResponse:
    """Have a link mailed. The answer is the same whether there is such an account or not."""
    form = ForgottenForm(request.POST or None)
    told = {"form": form, "mails": mails(), "sent": False}
    if request.method == "POST" and told["mails"] and form.is_valid():
        form.save(
            request=request, use_https=request.is_secure(), domain_override=request.get_host(),
            email_template_name="account/forgot_password_mail.txt",
            subject_template_name="account/forgot_password_subject.txt",
        )  # fmt: skip
        told["sent"] = True
    return render(request, "account/forgot_password.html", told)


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
