"""What the API says and takes, in words of the glossary."""

# Without postponed annotations: ninja and pydantic read them when the classes are made.

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Path, Query, Schema
from pydantic import AfterValidator, StringConstraints

from judge.formats.json_text import find_unstorable

LARGEST_ID = 2**63 - 1
#: Rejected lines that a reply names; the rest are counted.
MOST_ERRORS = 1_000
MOST_ITEMS_ASKED = 100
PAGE = 100


def _storable(text: str) -> str:
    if problem := find_unstorable(text):
        raise ValueError(problem)
    return text


Text = Annotated[str, StringConstraints(max_length=200), AfterValidator(_storable)]
Slug = Annotated[str, Path(description="The project's slug, as in its address.", max_length=80)]
Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
After = Annotated[
    int,
    Query(0, ge=0, le=LARGEST_ID, description="The cursor of the page before: its `next`. 0 begins at the beginning."),
]
CaseId = Annotated[int | None, Query(None, ge=1, le=LARGEST_ID, description="Only those of this case.")]
Limit = Annotated[int, Query(PAGE, ge=1, le=1000, description="Rows on a page at most.")]
FrameName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=120),
    AfterValidator(_storable),
    Query(
        "api", description="The population that the items belong to, drawn at one rate. Name one per source or round."
    ),
]
FrameSize = Annotated[
    int,
    Query(10_000, ge=1, le=10**12, description="How many items a new frame will hold in the end: says which "
          "share is drawn for people (of 10,000: train 4 %, certify 6 %, gold 2 %) where the policy sets no rates."),
]  # fmt: skip
Origin = Annotated[
    str,
    StringConstraints(min_length=1, max_length=60),
    AfterValidator(_storable),
    Query("api", description="Where the raters are from: a rater is known by kind, origin and name."),
]
Items = Annotated[
    list[Text],
    Query(
        [], max_length=MOST_ITEMS_ASKED, description="Only these items, by the ids they were pushed with; may repeat."
    ),
]


class RejectedLine(Schema):
    """A line that could not be taken, and why; the other lines went in."""

    line: int
    problem: str
    raw: str = Field(description="How the line begins.")


class PushedItems(Schema):
    """What became of pushed items. Those that were there already, word for word, are `known`."""

    frame: str
    read: int
    taken: int
    known: int
    rejected: int
    contexts: int
    cases: int
    errors: list[RejectedLine]
    errors_left_out: int


class PushedJudgments(Schema):
    """What became of pushed judgments, and how many cases people's answers settled."""

    read: int
    taken: int
    known: int
    rejected: int
    people: int
    machines: int
    agreed: int
    disputed: int
    unused_keys: list[str]
    errors: list[RejectedLine]
    errors_left_out: int


class LabelOut(Schema):
    """An agreed label. `probs` is the soft label, `p_wrong` the probability that the label is wrong."""

    id: int
    case_id: int
    item_id: str
    criterion: str
    label: str
    passes: bool | None
    basis: str
    n_people: int
    probs: dict[str, float]
    p_wrong: float | None
    status: str
    supersedes: int | None
    created_at: datetime


class LabelPage(Schema):
    labels: list[LabelOut]
    next: int = Field(description="Give it as `after` to go on from here, now or later.")
    has_more: bool


class CaseOut(Schema):
    """One item × one criterion. Of certify cases the label is hidden from whoever may edit what it proves."""

    id: int
    item_id: str
    criterion: str
    stage: str
    stage_since: datetime
    stream: str
    people_wanted: int
    label: str | None
    passes: bool | None
    basis: str | None
    is_hidden: bool


class CasePage(Schema):
    cases: list[CaseOut]
    next: int
    has_more: bool


class DecisionOut(Schema):
    """Where a case went and why. What a machine said is hidden from readers who may still answer the case."""

    id: int
    case_id: int
    item_id: str
    criterion: str
    route: str
    reason: str | None
    people_wanted: int
    judge_version: int | None
    certificate: int | None
    confidence: float | None
    threshold: float | None
    is_audited: bool | None
    created_at: datetime
    is_hidden: bool


class DecisionPage(Schema):
    decisions: list[DecisionOut]
    next: int
    has_more: bool


class CertificateOut(Schema):
    """The proof that lets one judge accept one criterion, or the test that gave none."""

    id: int
    criterion: str
    judge_version: int
    is_of_judge_in_force: bool
    state: str
    state_reason: str
    state_since: datetime
    alpha: float
    delta: float
    threshold: float | None
    n: int
    n_accepted: int
    n_errors: int
    coverage: float
    scope: str
    created_at: datetime


class Certificates(Schema):
    certificates: list[CertificateOut]


class CriterionHealth(Schema):
    """How many cases of a criterion stand where, and whether the judge in force may accept them."""

    criterion: str
    is_in_force: bool
    stages: dict[str, int]
    labels: dict[str, int] = Field(description="Live labels by basis.")
    cell: str
    audit_rate: float | None


class Health(Schema):
    """A project at a glance. `is_well`: no alarm stands."""

    project: str
    name: str
    task: str
    rubric_version: int | None
    judge_version: int | None
    is_well: bool
    alarms: int
    labels_in_doubt: int
    criteria: list[CriterionHealth]


class RunOrder(Schema, extra="forbid"):
    """What a run shall judge: what the judge in force has not judged yet, oldest first; it stops before a cap."""

    criteria: list[Text] = Field([], max_length=100, description="Keys; none: all criteria in force.")
    limit: int | None = Field(None, ge=1, le=10**9)
    max_tokens: int | None = Field(None, ge=1, le=10**12)
    max_cost: float | None = Field(None, gt=0, le=10**9, allow_inf_nan=False)
    max_minutes: float | None = Field(None, gt=0, le=10**6, allow_inf_nan=False)


class RunOut(Schema):
    id: int
    status: str
    judge_version: int
    n_planned: int
    n_done: int
    trouble: str
    created_at: datetime


class ExportOrder(Schema, extra="forbid"):
    """What to export, in the words of the page Export."""

    format: Literal["labels", "sft", "kto", "dpo", "listwise", "grpo", "judge-sft"] = "labels"
    kind: Literal["jsonl", "csv", "parquet"] = "jsonl"
    dialect: Text = ""
    split: Text = Field("", description="Shares such as .9/.05/.05; none: one file.")
    where: list[Text] = Field([], max_length=50, description="Filters such as basis=consensus or min_p=.9.")
    since: int | None = Field(None, ge=1, le=LARGEST_ID, description="Only what is new since this snapshot.")
    even_so: bool = Field(False, description="Also where agreement or audits do not carry the labels.")


class ExportOut(Schema):
    key: UUID
    state: str
    n_rows: int
    why: str = Field(description="What stopped it; empty where nothing did.")
    snapshot: int | None
    is_ready: bool = Field(description="Whether its file can be fetched.")
    created_at: datetime


def one_or_none(value: Any) -> int | None:
    """The version of a row that may be missing."""
    return None if value is None else int(value.version)
