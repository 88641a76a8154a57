"""What people may send to the court's pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from judge.actions.milestones import MOST, SIZE
from judge.models import Criterion, Judge, Project, Role, User
from judge.rules.routing import Reason
from judge.rules.stages import Stage
from judge.rules.streams import Stream
from judge.templatetags.words import word

MEGABYTE = 1024 * 1024


def upload_limit_mb() -> int:
    """The largest file that the import page takes; larger ones go through the command."""
    return int(getattr(settings, "UPLOAD_LIMIT_MB", 200))


class ImportForm(forms.Form):
    """A file of items and the population that it was drawn from."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("JSON lines, CSV or Parquet; the first two may be gzipped."),
        widget=forms.FileInput(attrs={"accept": ".jsonl,.ndjson,.json,.csv,.tsv,.parquet,.pq,.gz"}),
        error_messages={"required": _("Choose a file first."), "empty": _("The file is empty.")},
    )
    frame = forms.CharField(
        label=_("Frame"),
        required=False,
        max_length=120,
        help_text=_("Optional. Files drawn in the same way from the same source share a name; else each file stands "
                    "for itself."),
    )  # fmt: skip

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > upload_limit_mb() * MEGABYTE:
            text = _("The file has %(size)d MB (expected: at most %(limit)d MB). Use the command import_items for it.")
            raise forms.ValidationError(
                text % {"size": (file.size or 0) // MEGABYTE, "limit": upload_limit_mb()}, code="too_large"
            )
        return file


class MemberForm(forms.Form):
    """A person with an account, and the roles that they shall hold."""

    username = forms.CharField(
        label=_("Username"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=lambda: [(role, word(role, "role")) for role in Role.values],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one role.")},
    )

    def clean_username(self) -> User:
        name = self.cleaned_data["username"].strip()
        if (user := User.objects.filter(username=name, is_active=True).first()) is None:
            raise forms.ValidationError(
                _("There is no account “%(name)s”. A site admin can make one."), params={"name": name}, code="unknown"
            )
        return user


class ItemFilters(forms.Form):
    """Which items to list; everything optional, everything in the address."""

    stage = forms.ChoiceField(label=_("Stage"), required=False)
    criterion = forms.ChoiceField(label=_("Criterion"), required=False)
    reason = forms.ChoiceField(label=_("Reason"), required=False)
    stream = forms.ChoiceField(label=_("Stream"), required=False)
    generator = forms.CharField(label=_("Generator"), required=False, max_length=120)
    language = forms.CharField(label=_("Language"), required=False, max_length=10)
    id = forms.CharField(label=_("Id begins with"), required=False, max_length=200)
    category = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput)
    judge = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)
    people = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    said = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    after = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, criteria: list[tuple[Criterion, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, values in (("stage", Stage), ("reason", Reason), ("stream", Stream)):
            self._offer(name, [(each.value, word(each.value, name)) for each in values])
        self._offer("criterion", [(str(each.pk), title) for each, title in criteria])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = [("", _("any")), *choices]


class MilestoneForm(forms.Form):
    """Which outputs a milestone draws from, and how many."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("For example the version that it is about: generator 3.")
    )
    judge = forms.ModelChoiceField(queryset=Judge.objects.none(), label=_("Judge"), required=False)
    generator = forms.CharField(
        label=_("Generator"), required=False, max_length=120, help_text=_("As imported; empty: any.")
    )
    round = forms.IntegerField(label=_("Round"), required=False, help_text=_("As imported; empty: any."))
    since = forms.DateField(
        label=_("Imported since"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("The first day that counts; empty: any."),
    )  # fmt: skip
    size = forms.IntegerField(label=_("Cases of each criterion"), initial=SIZE, min_value=1, max_value=MOST)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ModelChoiceField, self.fields["judge"])  # type: ignore[type-arg]
        field.queryset = Judge.objects.filter(project=project).order_by("-version")
        field.empty_label = str(_("in force"))
        field.label_from_instance = lambda judge: f"v{judge.version} {judge.name}"  # type: ignore[assignment,method-assign]

    def clean_since(self) -> datetime | None:
        """The first moment of that day."""
        day = self.cleaned_data["since"]
        return timezone.make_aware(datetime.combine(day, time.min)) if day else None


class RiskForm(forms.Form):
    """How much disagreement is allowed among what the judge accepts, per criterion, in hundredths."""

    def __init__(self, *args: Any, risks: Mapping[str, tuple[float, float]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = tuple(risks)
        for key, (alpha, delta) in risks.items():
            self.fields[f"alpha_{key}"] = _percentage(_("Disagreement allowed, %"), alpha, least=0.5)
            self.fields[f"delta_{key}"] = _percentage(_("Chance that the promise fails, %"), delta, least=0.1)

    @property
    def rows(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """Criterion key, its alpha, its delta."""
        return [(key, self[f"alpha_{key}"], self[f"delta_{key}"]) for key in self.keys]

    @property
    def risks(self) -> dict[str, tuple[float, float]]:
        """Alpha and delta by criterion key, as shares; of a valid form."""
        return {key: (self._share(f"alpha_{key}"), self._share(f"delta_{key}")) for key in self.keys}

    def _share(self, name: str) -> float:
        return float(self.cleaned_data[name] / 100)


class TargetForm(forms.Form):
    """What the slider asks for: agreement in hundredths, and what an hour of people's time costs. Both optional."""

    target = forms.DecimalField(required=False, min_value=Decimal(50), max_value=Decimal("99.5"), decimal_places=2)
    hourly = forms.DecimalField(required=False, min_value=Decimal(0), max_value=Decimal(100_000))

    @property
    def target_value(self) -> float | None:
        """None where none was sent, or none that can be."""
        return self._number("target")

    @property
    def hourly_value(self) -> float | None:
        return self._number("hourly")

    @property
    def hourly_text(self) -> str:
        """As it was typed."""
        return str(self.data.get("hourly", ""))[:20]

    def _number(self, name: str) -> float | None:
        found = None if self.errors.get(name) else self.cleaned_data.get(name)
        return None if found is None else float(found)


class ExampleForm(forms.Form):
    """The texts of an anchored example."""

    context = forms.CharField(label=_("Context"), max_length=4_000, widget=forms.Textarea(attrs={"rows": 5}))
    output = forms.CharField(label=_("Output"), max_length=4_000, widget=forms.Textarea(attrs={"rows": 3}))
    why = forms.CharField(label=_("Why"), max_length=1_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))


class WithdrawalForm(forms.Form):
    """Why a certificate no longer speaks of what runs."""

    reason = forms.CharField(
        label=_("Why"), max_length=160, help_text=_("For example: the pool of people who answer has changed.")
    )


def _percentage(label: Any, share: float, *, least: float) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, initial=f"{100 * share:g}", min_value=Decimal(str(least)), max_value=Decimal(50), decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )  # fmt: skip
