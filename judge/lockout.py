"""Who guesses passwords or codes is locked out for a while: counted in the database, for all web processes together.

django-axes keeps the rows. One person's guesses from one address lock that pair; ten times as many, of one name from
anywhere or of any names from one address, lock that name or that address.
"""

from __future__ import annotations

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from judge.models import User

#: How much more is borne of a name from anywhere, and of an address whatever the names, than of the two together.
WIDER = 10


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """axes' handler with two limits instead of one. Needs AXES_LOCKOUT_PARAMETERS in the order pair, name, address."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        found = self.get_user_attempts(request, credentials)
        pair, name, address = (each.aggregate(n=Sum("failures_since_start"))["n"] or 0 for each in found)
        return int(max(pair, name // WIDER, address // WIDER))

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Forget the pair alone: else whoever owns one account could guess at all the others of an address for ever."""
        return int(self.filter_user_attempts(request, credentials)[0].delete()[0])


def is_locked(request: HttpRequest, user: User) -> bool:
    return not AxesProxyHandler.is_allowed(request, {"username": user.get_username()})


def count_failure(request: HttpRequest, user: User) -> None:
    """A wrong code of a second factor counts like a wrong password; the middleware then shows :func:`locked_page`."""
    user_login_failed.send(sender=__name__, credentials={"username": user.get_username()}, request=request)


def forget(user: User) -> None:
    """Unlock a name, from wherever it was guessed at."""
    AxesProxyHandler.reset_attempts(username=user.get_username())


def locked_page(
    request: HttpRequest, response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    minutes = max(1, round(settings.AXES_COOLOFF_TIME.total_seconds() / 60))
    page = render(request, "account/locked.html", {"minutes": minutes}, status=429)
    page.headers["Retry-After"] = str(60 * minutes)
    return page
