"""What every page's frame needs: links that this person may follow, and links to pages that may not be installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from judge import assets
from judge.access import mark_of, opens

register = template.Library()

#: The pages of a project in the order of the bar: the work, what is judged, who judges, how well, who is here, in and
#: out. Who sees which is read from the view's own policy mark.
PROJECT_PAGES = (
    ("project", _("Overview")),
    ("workbench", _("Answer")),
    ("adjudication", _("Adjudicate")),
    ("queue", _("Queue")),
    ("items", _("Items")),
    ("rubric", _("Rubric")),
    ("runs", _("Judging")),
    ("judges", _("Judges")),
    ("certificates", _("Certificates")),
    ("milestones", _("Milestones")),
    ("agreement", _("Agreement")),
    ("quality", _("Quality")),
    ("people", pgettext_lazy("page", "People")),
    ("members", _("Members")),
    ("import_items", _("Import")),
    ("export_labels", _("Export")),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A page that the person may open."""

    name: str
    text: str
    url: str
    is_current: bool = False


@register.simple_tag(takes_context=True)
def project_links(context: Mapping[str, Any]) -> list[Link]:
    """The pages of the request's project that its roles open, the present one marked."""
    request = context["request"]
    current = request.resolver_match.url_name if request.resolver_match else ""
    return list(open_pages(request.project.slug, request.roles, current=current))


@register.simple_tag
def page_url(name: str, **kwargs: Any) -> str:
    """The address of a page, or an empty text where that page is not installed."""
    try:
        return reverse(name, kwargs=kwargs or None)
    except NoReverseMatch:
        return ""


@register.simple_tag
def asset(name: str) -> str:
    """The address of a bundle of style sheets or scripts (judge.assets)."""
    return assets.bundle(name).url


def open_pages(slug: str, roles: frozenset[str], *, current: str = "") -> Iterator[Link]:
    """Pages of a project that somebody with ``roles`` may open."""
    for name, text in PROJECT_PAGES:
        url = page_url(name, slug=slug)
        if url and opens(mark_of(resolve(url).func) or "", roles):
            yield Link(name, str(text), url, is_current=name == current)
