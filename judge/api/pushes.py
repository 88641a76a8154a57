"""Pushing items and judgments: one, or as many as a body holds, line by line."""

# Without postponed annotations: ninja reads the annotations of what is decorated here from its wrapper.

from typing import Any

from django.utils.translation import gettext as _
from ninja import Router
from ninja.responses import Status

from judge.actions.imported_judgments import import_judgments
from judge.actions.items import import_rows
from judge.api import bodies, schemas
from judge.api.bodies import Body
from judge.api.doors import ApiRequest, Scope, operation
from judge.api.repeats import once
from judge.errors import InputError
from judge.formats.json_text import NotJson, RefusedJson, decode_object, find_unstorable
from judge.formats.rows import Rejected, Row
from judge.models import Role

router = Router(tags=["push"])

ITEM_BODY = {
    "type": "object",
    "description": "One line of an import of items (docs/files.md). Keys that are not ours are kept in `meta`.",
    "properties": {
        "id": {"type": "string", "maxLength": 200},
        "context": {"description": "What the generator knew: text or an object.", "type": ["string", "object"]},
        "output": {"description": "What it wrote: text, an object, or a list of them."},
        "context_id": {"type": "string"}, "user": {"type": "string"}, "generator": {"type": "string"},
        "language": {"type": "string"}, "category": {"type": "string"}, "round": {"type": "integer"},
        "created_at": {"type": "string"}, "prompt": {"type": "string"}, "meta": {"type": "object"},
    },
    "required": ["context", "output"],
}  # fmt: skip
JUDGMENT_BODY = {
    "type": "object",
    "description": "One line of an import of judgments (docs/files.md).",
    "properties": {
        "item_id": {"type": "string"}, "criterion": {"type": "string"}, "rater": {"type": "string"},
        "kind": {"type": "string", "enum": ["person", "judge"]}, "label": {"type": ["string", "null"]},
        "probs": {"type": "object", "additionalProperties": {"type": "number"}},
        "confidence": {"type": "number"}, "rationale": {"type": "string"}, "at": {"type": "string"},
    },
    "required": ["item_id", "rater", "kind"],
}  # fmt: skip
LINES = {"type": "string", "description": "One JSON object a line; may be packed with gzip."}
KEY = {
    "in": "header", "name": "Idempotency-Key", "required": False, "schema": {"type": "string", "maxLength": 200},
    "description": "The same key with the same request is answered as before and not done again.",
}  # fmt: skip


def takes(media_type: str, schema: Any) -> dict[str, Any]:
    """What the schema says of a body that we read ourselves."""
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}, "parameters": [KEY]}


@router.post(
    "/items", response={200: schemas.PushedItems, 201: schemas.PushedItems},
    openapi_extra=takes("application/json", ITEM_BODY),
)  # fmt: skip
@operation(Scope.PUSH, Role.LEAD)
def push_item(
    request: ApiRequest, slug: schemas.Slug, frame: schemas.FrameName, frame_size: schemas.FrameSize
) -> Status[Any]:
    """Push one item (a line with a list of outputs is as many). The same item again adds nothing: 200 instead of 201.
    Many items go in faster by `items/bulk`."""
    with bodies.received(request, most=bodies.LONGEST_OBJECT) as body:
        row = _single(body)
        return once(request, body.sha256, lambda: _created(_push_items(request, [row], frame, frame_size), row))


@router.post(
    "/items/bulk", response=schemas.PushedItems, openapi_extra=takes("application/x-ndjson", LINES)
)  # fmt: skip
@operation(Scope.PUSH, Role.LEAD)
def push_items(
    request: ApiRequest, slug: schemas.Slug, frame: schemas.FrameName, frame_size: schemas.FrameSize
) -> Status[Any]:
    """Push items as JSON lines, in one transaction. Lines that cannot be taken are named; all others go in."""
    with bodies.received(request) as body:
        return once(request, body.sha256, lambda: (200, _push_items(request, body.rows(), frame, frame_size)))


@router.post(
    "/judgments", response={200: schemas.PushedJudgments, 201: schemas.PushedJudgments},
    openapi_extra=takes("application/json", JUDGMENT_BODY),
)  # fmt: skip
@operation(Scope.PUSH, Role.LEAD)
def push_judgment(request: ApiRequest, slug: schemas.Slug, origin: schemas.Origin) -> Status[Any]:
    """Push one answer that a person or a machine gave elsewhere."""
    with bodies.received(request, most=bodies.LONGEST_OBJECT) as body:
        row = _single(body)
        return once(request, body.sha256, lambda: _created(_push_judgments(request, [row], origin), row))


@router.post(
    "/judgments/bulk", response=schemas.PushedJudgments, openapi_extra=takes("application/x-ndjson", LINES)
)  # fmt: skip
@operation(Scope.PUSH, Role.LEAD)
def push_judgments(request: ApiRequest, slug: schemas.Slug, origin: schemas.Origin) -> Status[Any]:
    """Push judgments as JSON lines, in one transaction. Lines that cannot be taken are named; all others go in."""
    with bodies.received(request) as body:
        return once(request, body.sha256, lambda: (200, _push_judgments(request, body.rows(), origin)))


class Refusals:
    """Lines that were turned away: the first thousand with their problems, the others counted."""

    def __init__(self) -> None:
        self.told: list[schemas.RejectedLine] = []
        self.left_out = 0

    def __call__(self, rejected: Rejected) -> None:
        if len(self.told) < schemas.MOST_ERRORS:
            line, problem, raw = rejected.number, rejected.problem, rejected.raw_excerpt
            self.told.append(schemas.RejectedLine(line=line, problem=problem, raw=raw))
        else:
            self.left_out += 1


def _push_items(request: ApiRequest, rows: Any, frame: str, frame_size: int) -> schemas.PushedItems:
    refused = Refusals()
    done = import_rows(
        request.project, rows, by=request.auth.person, reject=refused, frame=frame, name="api", frame_size=frame_size
    )
    return schemas.PushedItems(
        frame=done.frame, read=done.n_read, taken=done.n_items, known=done.n_known, rejected=done.n_rejected,
        contexts=done.n_contexts, cases=done.n_cases, errors=refused.told, errors_left_out=refused.left_out,
    )  # fmt: skip


def _push_judgments(request: ApiRequest, rows: Any, origin: str) -> schemas.PushedJudgments:
    refused = Refusals()
    done = import_judgments(
        request.project, rows, by=request.auth.person, reject=refused, origin=origin, name="api"
    )  # fmt: skip
    return schemas.PushedJudgments(
        read=done.n_read, taken=done.n_taken, known=done.n_known, rejected=done.n_rejected, people=done.n_people,
        machines=done.n_machines, agreed=done.n_agreed, disputed=done.n_disputed,
        unused_keys=sorted(done.unused), errors=refused.told,
        errors_left_out=refused.left_out,
    )  # fmt: skip


def _single(body: Body) -> Row:
    """The one object of a body. Raises InputError where it is none."""
    try:
        data = decode_object(body.file.read().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(_("not UTF-8 text: byte %(n)d") % {"n": error.start + 1}, where="body") from None
    except (NotJson, RefusedJson) as error:
        raise InputError(str(error), where="body", expected=_("one JSON object")) from None
    if problem := find_unstorable(data):
        raise InputError(problem, where="body")
    return Row(1, data)


def _created[T: (schemas.PushedItems, schemas.PushedJudgments)](done: T, row: Row) -> tuple[int, T]:
    """201 for what is new, 200 for what was known; a single object that is turned away is an error."""
    if done.errors:
        raise InputError(done.errors[0].problem.removeprefix(f"line {row.number}: "), where="body")
    return (201 if done.taken else 200), done
