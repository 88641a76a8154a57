"""What every page's frame needs: links that this person may follow, and links to pages that may not be installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import NoReverseMatch, resolve, reverse

from judge import assets
from judge.access import mark_of, opens
from judge.navigation import SECTIONS, WORK, Page

register = template.Library()


@dataclass(frozen=True, slots=True)
class Link:
    """A page that the person may open, or the first page of a section; ``is_section``: the present page is in it."""

    name: str
    text: str
    url: str
    is_current: bool = False
    is_section: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """What the bar shows: links and names of sections in the first line, the present section's pages in the second."""

    first: tuple[Link, ...]
    section: str = ""
    second: tuple[Link, ...] = ()


@register.simple_tag(takes_context=True)
def project_bar(context: Mapping[str, Any]) -> Bar:
    """The pages of the request's project that its roles open, the present one marked."""
    request = context["request"]
    current = request.resolver_match.url_name if request.resolver_match else ""
    return bar(request.project.slug, request.roles, current=current)


def bar(slug: str, roles: frozenset[str], *, current: str) -> Bar:
    first, name = list(_open(WORK, slug, roles, current)), ""
    second: tuple[Link, ...] = ()
    for section in SECTIONS:
        pages = tuple(_open(section.pages, slug, roles, current))
        if len(pages) < 2:
            first += pages
            continue
        is_section = any(page.is_current for page in pages)
        first.append(Link(pages[0].name, str(section.name), pages[0].url, is_section=is_section))
        if is_section:
            name, second = str(section.name), pages
    return Bar(tuple(first), name, second)


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
    yield from _open(WORK, slug, roles, current)
    for section in SECTIONS:
        yield from _open(section.pages, slug, roles, current)


def is_open(url: str, roles: frozenset[str]) -> bool:
    """Whether somebody with ``roles`` may open the page at this address, as its own policy mark says."""
    return bool(url) and opens(mark_of(resolve(url).func) or "", roles)


def _open(pages: Iterable[Page], slug: str, roles: frozenset[str], current: str) -> Iterator[Link]:
    for name, text in pages:
        url = page_url(name, slug=slug)
        if is_open(url, roles):
            yield Link(name, str(text), url, is_current=name == current)
