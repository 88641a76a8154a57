"""Style sheets and scripts that every page needs, served as few files, compressed once, under a name that never lies.

A page asks for a bundle by ``{% asset "site.css" %}``. Its address holds a digest of its content, so a browser keeps
it for good and fetches it anew when it changes. Built in memory at the first call; with DEBUG at every call. There is
no build step: the parts stay the files of `static/`.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix
from django.utils.cache import patch_vary_headers

PREFIX = "assets/"
BUNDLES: Mapping[str, Sequence[str]] = {
    "site.css": ("css/tokens.css", "css/base.css", "css/components.css", "css/pages.css"),
    "charts.css": ("css/charts.css",),
    "site.js": ("django_htmx/htmx-2.min.js", "js/page.js"),
    "workbench.css": ("css/workbench.css",),
    "workbench.js": ("js/keys.js", "js/workbench.js", "js/bench.js"),
    "bench.js": ("js/keys.js", "js/bench.js"),
}
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One file as it goes over the wire."""

    name: str
    content: bytes
    zipped: bytes
    digest: str

    @property
    def url(self) -> str:
        return f"{get_script_prefix()}{PREFIX}{self.digest}/{self.name}"


def bundle(name: str) -> Bundle:
    """The bundle of this name. Raises KeyError for one that is not listed."""
    if settings.DEBUG:
        _built.cache_clear()
    return _built(name)


@cache
def _built(name: str) -> Bundle:
    content = b"\n".join(_read(part) for part in BUNDLES[name])
    return Bundle(name, content, gzip.compress(content, 9, mtime=0), hashlib.sha256(content).hexdigest()[:16])


def _read(part: str) -> bytes:
    path = finders.find(part)
    if path is None:
        raise FileNotFoundError(f"there is no static file {part} (named in judge.assets)")
    return Path(path).read_bytes()


class AssetMiddleware:
    """Answers for bundles before anything asks who the person is: no session, no query, no language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        digest, _, name = request.path_info.removeprefix(f"/{PREFIX}").partition("/")
        if request.path_info.startswith(f"/{PREFIX}") and name in BUNDLES and request.method in ("GET", "HEAD"):
            return _answer(request, bundle(name), digest)
        return self.get_response(request)


def _answer(request: HttpRequest, found: Bundle, digest: str) -> HttpResponse:
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(found.zipped if takes_gzip else found.content, content_type=TYPES[Path(found.name).suffix])
    if takes_gzip:
        response["Content-Encoding"] = "gzip"
    response["Content-Length"] = str(len(response.content))
    # a page of an older version, still open or on another host, may ask for a digest that is gone
    response["Cache-Control"] = FOR_GOOD if digest == found.digest else "no-cache"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
