"""Requests that schemathesis makes of the API's own description, valid and invalid, sent into the application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks

from judge.api.app import api, each_operation
from judge.wsgi import application

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@schemathesis.serializer("application/x-ndjson")
def _lines(_context: Any, value: Any) -> bytes:
    """A body of lines is whatever was made: most of it is no JSON."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def fuzz(secret: str, slug: str, operation_id: str, n: int, *, told: Callable[[int], None] | None = None) -> int:
    """Send ``n`` requests of each mode to one operation; how many were sent. Raises for a 500 or a broken schema."""
    operation, n_sent = _operation(slug, operation_id), 0

    def check(case: Any) -> None:
        nonlocal n_sent
        n_sent += 1
        headers = {"Authorization": f"Bearer {secret}", "Host": "localhost"}
        response = case.call_and_validate(base_url="http://localhost", headers=headers, checks=CHECKS)
        if told:
            told(response.status_code)

    quiet = settings(
        max_examples=n, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )  # fmt: skip
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        try:
            quiet(given(case=operation.as_strategy(generation_mode=mode))(check))()
        except Unsatisfiable:  # nothing in this operation can be made invalid
            continue
    return n_sent


def _operation(slug: str, operation_id: str) -> Any:
    schema = schemathesis.openapi.from_dict(_pointed(slug))
    schema.app = application
    found = [each.ok() for each in schema.get_all_operations()]
    return next(each for each in found if each.definition.raw["operationId"] == operation_id)


def _pointed(slug: str) -> dict[str, Any]:
    """The description with the project's own slug: every other is "not found" and finds nothing out."""
    schema = api.get_openapi_schema(path_prefix="/api/v1/")
    for _path, _method, operation in each_operation(schema):
        for parameter in operation["parameters"]:
            if parameter["name"] == "slug":
                parameter["schema"] = {"type": "string", "enum": [slug]}
    return dict(schema)
