"""Coming in by an OpenID Connect provider, and the identities of one's own account there."""

from __future__ import annotations

from typing import cast

from allauth.socialaccount import views as social_views
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from requests import RequestException

from judge import access
from judge.errors import NotAllowed
from judge.providers import StrictAdapter


@never_cache
@require_POST
@access.public
def openid_connect_login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Go to the provider. By a page of ours: the content policy lets no form lead to another site."""
    _refuse_demo(request)
    request.GET = QueryDict()  # allauth would take more scopes and parameters from there
    response = _at(provider_id, OAuth2LoginView, request)
    if response.status_code != 302:
        return response
    page = render(request, "account/go_on.html", {"address": response.headers["Location"]})
    page.headers["Refresh"] = f"0; url={response.headers['Location']}"
    return page


@never_cache
@require_GET
@access.public
def openid_connect_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Come back from the provider: signed in, linked, or refused in words."""
    _refuse_demo(request)
    return _at(provider_id, OAuth2CallbackView, request)


@require_GET
@access.public
def socialaccount_login_cancelled(request: HttpRequest) -> HttpResponse:
    """The person said no at the provider."""
    return redirect("login")


@require_http_methods(["POST"])
@access.own_account
def socialaccount_connections(request: access.SignedInRequest) -> HttpResponse:
    """Unlink an identity of one's own; never the last way in."""
    if not SocialAccount.objects.filter(user=request.user, pk=request.POST.get("account") or 0).exists():
        raise Http404(_("There is no such identity of yours."))
    if social_views.connections(request).status_code != 302:
        messages.error(request, _("This identity is the only way into your account, which has no password."))
    return redirect("account")


def _at(provider_id: str, view: type[OAuth2LoginView | OAuth2CallbackView], request: HttpRequest) -> HttpResponse:
    """allauth's view with our reading of what the provider says; it lets some of the provider's faults through."""
    adapter = StrictAdapter(request, provider_id)
    try:
        return cast(HttpResponse, view.adapter_view(adapter)(request))
    except SocialApp.DoesNotExist as error:
        raise Http404(_("There is no such provider here.")) from error
    except (OAuth2Error, RequestException) as error:
        return cast(HttpResponse, render_authentication_error(request, adapter.get_provider(), exception=error))


def _refuse_demo(request: HttpRequest) -> None:
    if getattr(request.user, "is_demo", False):
        raise NotAllowed(_("This is a public account of the demo: nobody changes how it is entered."))
