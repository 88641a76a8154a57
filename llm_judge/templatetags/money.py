"""Money as leads read it, in whatever money the endpoints' prices are."""

from __future__ import annotations

import math

from django import template

register = template.Library()


@register.filter
def money(value: float | None) -> str:
    """Two digits that mean something, and never an exponent.

    >>> money(1234.5), money(0.5), money(0.00123), money(0)
    ('1,234.50', '0.50', '0.0012', '0')
    """
    if not value:
        return "0"
    places = 2 if value >= 1 else max(2, 1 - math.floor(math.log10(value)))
    return f"{value:,.{places}f}"


@register.filter
def hours(seconds: float | None) -> str:
    """Two digits that mean something.

    >>> hours(36_000), hours(90), hours(0), hours(None)
    ('10.0', '0.025', '0', '')
    """
    if seconds is None:
        return ""
    value = seconds / 3600
    if not value:
        return "0"
    places = 1 if value >= 1 else max(2, 1 - math.floor(math.log10(value)))
    return f"{value:,.{places}f}"
