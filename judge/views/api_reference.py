"""The page /api/: every operation of the API, read from its own description; no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from judge import access
from judge.api import problems
from judge.api.app import api, each_operation, views
from judge.api.middleware import ROOT


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter, or a field of a body or an answer."""

    name: str
    kind: str
    is_needed: bool
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """One operation as the page shows it."""

    name: str
    method: str
    path: str
    scope: str
    roles: str
    text: str
    parameters: tuple[Value, ...]
    body_type: str
    body: tuple[Value, ...]
    answer: tuple[Value, ...]


@require_GET
@access.public
def api_reference(request: HttpRequest) -> HttpResponse:
    """What the API takes and gives. It tells nothing of any project."""
    statuses = [(status, problems.CODES[status], problems.title(status)) for status in problems.CODES]
    return render(request, "judge/api_reference.html", {"operations": operations(), "statuses": statuses})


@cache
def operations() -> tuple[Told, ...]:
    schema, marks = api.get_openapi_schema(path_prefix=ROOT), views()
    parts = schema["components"]["schemas"]
    return tuple(
        _told(path, method, each, marks[each["operationId"]], parts) for path, method, each in each_operation(schema)
    )


def _told(path: str, method: str, each: Mapping[str, Any], view: Callable[..., Any], parts: Mapping[str, Any]) -> Told:
    asked: tuple[str, Any] = next(iter(each.get("requestBody", {}).get("content", {}).items()), ("", {}))
    given: Any = next(iter(next(iter(each["responses"].values())).get("content", {}).values()), {})
    return Told(
        name=each["operationId"], method=method.upper(), path=path, scope=getattr(view, "access_scope", ""),
        roles=(access.mark_of(view) or "").removeprefix(access.PROJECT), text=each.get("description", ""),
        parameters=tuple(_parameter(each) for each in each["parameters"]), body_type=asked[0],
        body=tuple(_values(asked[1].get("schema", {}), parts)), answer=tuple(_values(given.get("schema", {}), parts)),
    )  # fmt: skip


def _parameter(told: Mapping[str, Any]) -> Value:
    return Value(told["name"], _kind(told["schema"]), told["required"], told.get("description", ""))


def _values(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[Value]:
    """The fields of an object; of a text what is said of it."""
    schema = _resolved(schema, parts)
    for name, each in schema.get("properties", {}).items():
        text = each.get("description", "") or _resolved(each, parts).get("description", "")
        yield Value(name, _kind(each), name in schema.get("required", ()), text)
    if schema.get("type") == "string":
        yield Value("", "text", True, schema.get("description", ""))


def _resolved(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    ref = schema.get("$ref", "")
    return parts[ref.rsplit("/", 1)[-1]] if ref else schema


def _kind(schema: Mapping[str, Any]) -> str:
    """A type in few words: ``integer or null``, ``list of LabelOut``, ``live | in_doubt``."""
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return " or ".join(kind) if isinstance(kind, list) else str(schema.get("format") or kind)
