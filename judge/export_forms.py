"""What people may ask of an export."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from judge.formats.training_dialects import DIALECTS
from judge.models import Criterion, Project, Snapshot
from judge.rules.settling import Basis
from judge.templatetags.words import word


class _Day(forms.DateInput):
    """A day as browsers ask for it."""

    input_type = "date"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"format": "%Y-%m-%d"})


class ExportForm(forms.Form):
    """What to export: everything but the format may stay as it is."""

    format = forms.ChoiceField(
        label=_("Format"),
        choices=[
            ("labels", _("Labels: every agreed label with its provenance")),
            ("sft", _("Fine-tuning: items that qualify, as conversations")),
            ("kto", _("KTO: every decided item, and whether it qualifies")),
            ("dpo", _("DPO: pairs of outputs of one context, the better one first")),
            ("listwise", _("Listwise: the outputs of a context with their tiers")),
            ("grpo", _("GRPO: prompts with outputs that qualified, for a reward")),
            ("judge-sft", _("Fine-tuning of a judge: what it is asked, and what people said")),
        ],
        initial="labels",
        widget=forms.RadioSelect,
    )
    kind = forms.ChoiceField(
        label=_("Kind of file"), required=False,
        choices=[("jsonl", _("JSON lines")), ("parquet", "Parquet"), ("csv", _("CSV, where nothing nests"))],
    )  # fmt: skip
    dialect = forms.ChoiceField(
        label=_("Loaded by"), required=False,
        choices=[("", "TRL, datasets"), *((each, each) for each in DIALECTS if each != "trl")],
    )  # fmt: skip
    split = forms.CharField(
        label=_("Split"), required=False, max_length=40, widget=forms.TextInput(attrs={"placeholder": ".9/.05/.05"}),
        help_text=_("Shares of contexts; nobody's contexts stand in two files. Empty: one file."),
    )  # fmt: skip
    min_p = forms.CharField(
        label=_("Least probability of the label"), required=False, max_length=10,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )  # fmt: skip
    basis = forms.MultipleChoiceField(
        label=_("On whose word"), required=False, choices=lambda: [(each.value, word(each, "basis")) for each in Basis],
        widget=forms.CheckboxSelectMultiple, help_text=_("None chosen: all."),
    )  # fmt: skip
    criterion = forms.MultipleChoiceField(
        label=_("Criteria"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None chosen: all.")
    )
    agreed_from = forms.DateField(label=_("Agreed from"), required=False, widget=_Day)
    agreed_until = forms.DateField(
        label=_("Agreed before"), required=False, widget=_Day, help_text=_("This day itself is left out; days in UTC.")
    )
    generator = forms.CharField(label=_("Generator"), required=False, max_length=200)
    language = forms.CharField(label=_("Language"), required=False, max_length=80)
    round = forms.CharField(label=_("Round"), required=False, max_length=80, help_text=_("As 3 or 1,2 or 1..4."))
    rubric = forms.CharField(label=_("Rubric version"), required=False, max_length=9)
    since = forms.ModelChoiceField(
        Snapshot.objects.none(), label=_("Only what is new since"), required=False, empty_label="–"
    )
    even_so = forms.BooleanField(label=_("Even where agreement or audits do not carry the labels"), required=False)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ModelChoiceField, self.fields["since"])  # type: ignore[type-arg]
        known = Snapshot.objects.filter(project=project).order_by("-pk")
        field.queryset = known.only("pk", "format", "created_at")
        field.label_from_instance = lambda each: f"{each.pk} {each.format}"  # type: ignore[assignment,method-assign]
        keys = Criterion.objects.filter(project=project).order_by("key").values_list("key", flat=True).distinct()
        cast(forms.MultipleChoiceField, self.fields["criterion"]).choices = [(key, key) for key in keys]

    @property
    def order(self) -> dict[str, Any]:
        """What judge.actions.export_jobs takes; of a valid form."""
        told = self.cleaned_data
        filters = {key: told[key].strip() for key in ("min_p", "generator", "language", "round", "rubric")}
        filters |= {key: ",".join(told[key]) for key in ("criterion", "basis")}
        filters |= {"since": _iso(told["agreed_from"]), "until": _iso(told["agreed_until"])}
        return {
            "format": told["format"], "kind": told["kind"] or "jsonl", "dialect": told["dialect"],
            "split": told["split"], "where": [f"{key}={value}" for key, value in filters.items() if value],
            "since": told["since"].pk if told["since"] else None, "even_so": told["even_so"],
        }  # fmt: skip


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
