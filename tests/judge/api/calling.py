"""Calls the API as a program does: a token in a header, JSON in and out."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from judge.actions import tokens
from judge.models import ApiToken, Project, User


class Caller:
    """A program that holds a token of ``person`` for ``project``."""

    def __init__(self, project: Project, person: User, *scopes: str, days: int = 30) -> None:
        self.project = project
        self.made = tokens.make(
            project, person, name="a program", scopes=scopes or ApiToken.Scope.values, days=days, by=None
        )
        self.secret, self.client = self.made.secret, Client(raise_request_exception=False)

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> HttpResponse:
        return self.client.get(self.address(path), query or {}, headers=self.headers(headers))  # type: ignore[return-value]

    def post(self, path: str, body: Any, media_type: str = "application/json", **headers: str) -> HttpResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(  # type: ignore[return-value]
            self.address(path), raw, content_type=media_type, headers=self.headers(headers)
        )

    def push(self, path: str, lines: list[Any], **headers: str) -> HttpResponse:
        raw = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
        return self.post(path, raw, "application/x-ndjson", **headers)

    def address(self, path: str) -> str:
        return f"/api/v1/projects/{self.project.slug}/{path}"

    def headers(self, more: dict[str, str]) -> dict[str, str]:
        told = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self.secret}"} | told


def item(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"item-{number}", "context": f"person {number // 3} likes tents", "output": f"tent {number}"} | more
