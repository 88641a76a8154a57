"""The API, put together: its operations, its errors, and its description by OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ninja import NinjaAPI
from ninja.operation import Operation

from judge.api import problems, pushes, reads, work
from judge.api.doors import TokenAuth

PROBLEM = {"$ref": "#/components/schemas/Problem"}
#: What every operation may answer instead.
REFUSALS = (400, 401, 403, 404, 409, 411, 413, 415, 422, 429, 500, 503)
DESCRIPTION = (
    "Push what your generator wrote, let the judge and people label it, and take the agreed labels home. Every request "
    "carries `Authorization: Bearer cojudge_…`; tokens are made on the page API of a project. Errors are "
    "`application/problem+json`: what, where, what was expected, what to do next."
)


class Api(NinjaAPI):
    """Ninja's API with operations named by their functions, and problems in its description."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **kwargs: Any) -> Any:
        schema = super().get_openapi_schema(**kwargs)
        schema["components"]["schemas"]["Problem"] = _problem_schema()
        for _path, _method, operation in each_operation(schema):
            for status in REFUSALS:
                told = {"description": problems.CODES[status], "content": {problems.MEDIA_TYPE: {"schema": PROBLEM}}}
                operation["responses"].setdefault(str(status), told)
            operation["responses"] = {str(status): told for status, told in operation["responses"].items()}
        return schema


def each_operation(schema: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of every operation of a schema."""
    return [(path, method, told) for path, methods in schema["paths"].items() for method, told in methods.items()]


def views() -> dict[str, Callable[..., Any]]:
    """The functions behind the operations, by name; each carries its policy mark and its scope."""
    paths = [path for _prefix, router in api._routers for path in router.path_operations.values()]
    return {each.view_func.__name__: each.view_func for path in paths for each in path.operations}


def _problem_schema() -> dict[str, Any]:
    schema = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    wrong = schema.pop("$defs")["Wrong"]
    schema["properties"]["errors"]["items"] = wrong
    return schema


api = Api(
    title="Cojudge", version="1", description=DESCRIPTION, docs_url=None, urls_namespace="api", auth=TokenAuth(),
    openapi_url="/openapi.json",
)  # fmt: skip
for part in (pushes.router, reads.router, work.router):
    api.add_router("/projects/{slug}", part)
problems.install(api)
