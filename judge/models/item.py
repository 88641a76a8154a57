from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from judge.models.fields import OrderedJSONField
from judge.models.project import Project
from judge.models.rubric import Criterion
from judge.rules.imported import Reference
from judge.rules.stages import Stage
from judge.rules.streams import Stream

STREAMS = [(stream.value, stream.value) for stream in Stream]
STAGES = [(stage.value, stage.value) for stage in Stage]


class Frame(models.Model):
    """A declared population drawn at one constant rate. Rates are fixed by its first import."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="frames")
    name = models.CharField(max_length=120)
    salt = models.CharField(max_length=32, help_text="makes the draw of streams unpredictable from outside")
    train_rate = models.FloatField()
    certify_rate = models.FloatField()
    gold_rate = models.FloatField()
    reference = models.CharField(
        max_length=6,
        choices=[(each.value, each.value) for each in Reference],
        default=Reference.THREE,
        db_default=Reference.THREE,
        help_text="how many imported people make the reference of a case; a certificate says so",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="frame_name_once")]


class Context(models.Model):
    """What the generator knew; shared by many items. ``content`` is emptied by an erasure."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="contexts")
    identity = models.CharField(max_length=200)
    user_key = models.CharField(max_length=200, blank=True, default="")
    content = OrderedJSONField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "identity"], name="context_identity_once"),
            models.UniqueConstraint(fields=["id", "project"], name="context_project_pair"),
        ]


class Item(models.Model):
    """One generated output in its context, or a pair of outputs. ``output`` is emptied by an erasure.

    One key in the database holds context and project together (migration 0018): an item is in its context's project.
    """

    class Kind(models.TextChoices):
        SINGLE = "single", "single"
        PAIR = "pair", "pair"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="items", db_constraint=False)
    context = models.ForeignKey(Context, on_delete=models.PROTECT, related_name="items", db_constraint=False)
    frame = models.ForeignKey(Frame, on_delete=models.PROTECT, related_name="items")
    identity = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.SINGLE)
    output = OrderedJSONField(null=True)
    prompt = models.TextField(blank=True, default="")
    meta = models.JSONField(default=dict)
    generator = models.CharField(max_length=120, blank=True, default="")
    language = models.CharField(max_length=10, blank=True, default="")
    category = models.CharField(max_length=120, blank=True, default="")
    round = models.IntegerField(null=True)
    generated_at = models.DateTimeField(null=True, help_text="created_at of the import line")
    stream = models.CharField(max_length=8, choices=STREAMS)
    stream_probability = models.FloatField()
    stream_reason = models.CharField(
        max_length=20, default="drawn", help_text="drawn, imported_sample or outside_sample"
    )
    imported_at = models.DateTimeField(db_default=Now(), editable=False)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "identity"], name="item_identity_once"),
            models.UniqueConstraint(fields=["id", "project"], name="item_project_pair"),
            models.CheckConstraint(condition=Q(stream__in=[s.value for s in Stream]), name="item_stream_is_known"),
            models.CheckConstraint(
                condition=Q(stream_probability__gt=0, stream_probability__lte=1),
                name="item_stream_probability_in_unit_interval",
            ),
        ]
        indexes = [
            # the few that teach or measure, among all: judge.actions.figure_sql, reference_sql.LATEST
            models.Index(fields=["project", "stream"], condition=~Q(stream=Stream.OPEN), name="item_drawn"),
        ]


class Case(models.Model):
    """One item × one criterion: what is judged, routed, agreed and exported.

    ``seats_taken`` counts live leases plus in-time votes and never exceeds ``people_wanted``: the claim raises it
    under the item's lock and Postgres refuses one too many. It is in its item's project, by one key in the database.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="cases", db_constraint=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="cases", db_constraint=False)
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="cases")
    stage = models.CharField(max_length=12, choices=STAGES, default=Stage.IMPORTED)
    stage_since = models.DateTimeField(db_default=Now())
    people_wanted = models.PositiveSmallIntegerField(default=0)
    seats_taken = models.PositiveSmallIntegerField(default=0)
    priority = models.SmallIntegerField(default=0, help_text="higher is served first")
    queue_order = models.FloatField(help_text="random, but items of one context come one after another")
    is_reference = models.BooleanField(
        default=False, db_default=False, help_text="people's answers to it measure a judge: audit, sample, milestone"
    )
    #: Read beside the row by judge.actions.case_locks.lock alone, for settling; no page is ever given p̂ by a case.
    p_hat: Mapping[str, float] | None = None
    #: Whether a label may be live; taken for granted where nobody looked.
    has_label: bool = True

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "criterion"], name="case_once_per_item_and_criterion"),
            models.UniqueConstraint(fields=["id", "criterion"], name="case_criterion_pair"),
            models.CheckConstraint(
                condition=Q(seats_taken__lte=models.F("people_wanted")), name="case_seats_within_people_wanted"
            ),
            models.CheckConstraint(condition=Q(stage__in=[s.value for s in Stage]), name="case_stage_is_known"),
        ]
        indexes = [
            models.Index(  # the claim: annotation.actions.leases
                fields=["project", "-priority", "queue_order"],
                condition=Q(stage=Stage.PEOPLE, seats_taken__lt=models.F("people_wanted")),
                name="case_queue",
            ),
            # overview, adjudication list, what is left to judge
            models.Index(fields=["project", "stage", "criterion"], name="case_by_stage"),
            # contexts that training leaves alone: judge.actions.export_sql, llm_judge.actions.lessons
            models.Index(fields=["item"], condition=Q(is_reference=True), name="case_reference"),
        ]

    @property
    def stream(self) -> str:
        """That of its item."""
        return self.item.stream

    @property
    def is_waiting(self) -> bool:
        """Whether it stands in the annotators' queue."""
        return self.stage == Stage.PEOPLE
