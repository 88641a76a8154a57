"""What a lead may send to the machines' pages."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from judge.errors import InputError
from judge.models import Judge, Rater
from llm_judge.actions.drafts import ASKABLE
from llm_judge.actions.endpoints import EMBEDDED, SCRIPTED, SERVER
from llm_judge.models import Endpoint
from llm_judge.rules.budget import Caps
from llm_judge.rules.configuration import Decoding, ScoringRule
from llm_judge.rules.prompting import (
    BODY_VARIABLES,
    EXAMPLE_VARIABLES,
    SYSTEM_VARIABLES,
    TAIL_VARIABLES,
    PromptTemplate,
    TemplateText,
)

JUDGES = (
    (EMBEDDED, _("Embedded model: small, runs here, weak")),
    (SERVER, _("The team's model server (JUDGE_URL)")),
    (SCRIPTED, _("Scripted answers: no model, for trials")),
)
#: The parts of a prompt's text as ``TemplateText`` orders them: label, variables, lines shown.
PARTS: dict[str, tuple[Any, tuple[str, ...], int]] = {
    "system": (_("System message"), SYSTEM_VARIABLES, 4),
    "example": (_("One worked example"), EXAMPLE_VARIABLES, 8),
    "body": (_("Body"), BODY_VARIABLES, 14),
    "closing": (_("Closing, after the reasons (rule reasoned alone)"), TAIL_VARIABLES, 3),
}
WISHES = (("pause", _("Pause")), ("resume", _("Go on")), ("cancel", _("Cancel")))


class JudgeChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Judges by name and version."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} v{obj.version}"


class StartForm(forms.Form):
    """Which judge, which cases, and the most that the run may spend; ``setup``: where no judge is in force yet."""

    candidate = JudgeChoice(label=_("Judge"), queryset=Judge.objects.none(), required=False, empty_label=None)
    criteria = forms.MultipleChoiceField(
        label=_("Criteria"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all of the rubric."),
    )
    limit = forms.IntegerField(
        label=_("At most"), required=False, min_value=1, help_text=_("Empty: all that are left.")
    )
    max_tokens = forms.IntegerField(label=_("Cap on tokens"), required=False, min_value=1)
    max_cost = forms.FloatField(
        label=_("Cap on cost"), required=False, help_text=_("In the money of the endpoint's prices.")
    )
    max_minutes = forms.FloatField(label=_("Cap on minutes"), required=False)
    judge = forms.ChoiceField(label=_("Judge"), choices=JUDGES, required=False)

    def __init__(
        self,
        *args: Any,
        judges: list[Judge] | None = None,
        criteria: list[tuple[str, str]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Judge]", self.fields["candidate"])
        field.queryset = Judge.objects.filter(pk__in=[judge.pk for judge in judges or []]).order_by("-version")
        cast(forms.MultipleChoiceField, self.fields["criteria"]).choices = criteria or []
        for name in ("max_cost", "max_minutes"):
            self.fields[name].widget.attrs.update({"step": "any", "min": "0"})

    @property
    def caps(self) -> Caps:
        """The caps that were chosen. Raises InputError for one that allows nothing."""
        chosen = self.cleaned_data
        return Caps(chosen["max_tokens"], chosen["max_cost"], chosen["max_minutes"])


class SteerForm(forms.Form):
    wish = forms.ChoiceField(choices=WISHES)


class PanelForm(forms.Form):
    """Raters that shall speak together."""

    raters = forms.TypedMultipleChoiceField(label=_("Raters"), coerce=int, choices=())
    name = forms.CharField(label=_("Name of the panel"), max_length=120)

    def __init__(self, *args: Any, raters: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["raters"]).choices = [(str(pk), str(pk)) for pk in raters]

    def clean_raters(self) -> list[int]:
        chosen: list[int] = self.cleaned_data["raters"]
        if len(chosen) < 2:
            raise forms.ValidationError(_("A panel has at least two raters."), code="too_few")
        return chosen


class ChooseForm(forms.Form):
    """What a new rater starts from: where it is asked, and which prompt or rater lends its words."""

    endpoint = forms.ModelChoiceField(
        label=_("Endpoint"), queryset=Endpoint.objects.none(), required=False, empty_label=None
    )
    start = forms.ChoiceField(label=_("Start from"), required=False)

    def __init__(self, *args: Any, starts: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[Endpoint]", self.fields["endpoint"])
        field.queryset = Endpoint.objects.filter(kind__in=ASKABLE).order_by("pk")
        cast(forms.ChoiceField, self.fields["start"]).choices = starts


class EndpointForm(forms.Form):
    """A server to be asked. A key is never typed: only the name of the variable that holds it."""

    name = forms.CharField(label=_("Name"), max_length=120)
    base_url = forms.CharField(
        label=_("Address"), max_length=300, help_text=_("For example https://models.example.org/v1")
    )
    model = forms.CharField(
        label=_("Model"), max_length=200, required=False, help_text=_("Empty: the first one that the server lists.")
    )
    api_key_variable = forms.CharField(
        label=_("Variable with the key"),
        max_length=80,
        required=False,
        help_text=_("The name of an environment variable of the server and its workers, such as COJUDGE_KEY_TEAM. "
                    "Never the key itself."),
    )  # fmt: skip
    max_in_flight = forms.IntegerField(
        label=_("Calls at a time"), min_value=1, max_value=1000, initial=32, help_text=_("As many as the server likes.")
    )
    timeout_s = forms.FloatField(label=_("Seconds for one call"), min_value=1, max_value=3600, initial=60)
    weight = forms.FloatField(
        label=_("Weight"), min_value=0.01, initial=1, help_text=_("Share of the calls where a rater has several.")
    )
    price_in = forms.FloatField(label=_("Price of a million prompt tokens"), min_value=0, initial=0)
    price_out = forms.FloatField(label=_("Price of a million written tokens"), min_value=0, initial=0)


class PlacementForm(forms.Form):
    """Which rater an endpoint is given to, or taken from."""

    rater = forms.ModelChoiceField(label=_("Rater"), queryset=Rater.objects.none(), empty_label=None)
    do = forms.ChoiceField(choices=(("attach", ""), ("detach", "")))

    def __init__(self, *args: Any, raters: QuerySet[Rater], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[Rater]", self.fields["rater"]).queryset = raters


class RaterForm(forms.Form):
    """A prompt with the way it is asked, and the case on which it is looked at.

    The texts are fields named ``en_system``, ``en_example``, ``en_body``, ``en_closing``, and so on for each language;
    one without a body is left out. ``template`` and ``decoding`` are what was made of it all.
    """

    prompt = forms.CharField(
        label=_("Name of the prompt"),
        max_length=120,
        help_text=_("Another word in it makes another version of this name; what was used before stays as it is."),
    )
    model = forms.CharField(label=_("Model"), max_length=200, required=False)
    rule = forms.ChoiceField(
        label=_("Scoring rule"), choices=[(rule.value, rule.value) for rule in ScoringRule], widget=forms.RadioSelect
    )
    max_examples = forms.IntegerField(
        label=_("Worked examples"),
        min_value=0,
        max_value=64,
        help_text=_("At most so many of the criterion's own stand in the prompt."),
    )
    temperature = forms.FloatField(
        label=_("Temperature"), min_value=0, max_value=2, help_text=_("0 for all rules but sampled.")
    )
    samples = forms.IntegerField(
        label=_("Votes"), min_value=1, max_value=64, help_text=_("For sampled: how often it is asked.")
    )
    max_tokens = forms.IntegerField(
        label=_("Tokens of an answer"), min_value=1, max_value=64, help_text=_("1: the answer is a single token.")
    )
    rationale_tokens = forms.IntegerField(
        label=_("Tokens of the reasons"), min_value=1, max_value=4096, help_text=_("For reasoned.")
    )
    item = forms.CharField(label=_("Item"), max_length=200, required=False)
    criterion = forms.ChoiceField(label=_("Criterion"), required=False)

    def __init__(self, *args: Any, languages: list[str], criteria: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.languages = languages
        self.template: PromptTemplate | None = None
        self.decoding = Decoding()
        cast(forms.ChoiceField, self.fields["criterion"]).choices = criteria
        self.fields["temperature"].widget.attrs["step"] = "any"
        for language in languages:
            for part in PARTS:
                self.fields[f"{language}_{part}"] = _text_field(language, part)

    def sheets(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Language by language, the fields of its text."""
        return [(language, [self[f"{language}_{part}"] for part in PARTS]) for language in self.languages]

    def clean(self) -> dict[str, Any]:
        chosen = super().clean() or self.cleaned_data
        texts = {language: text for language in self.languages if (text := self._read(language, chosen)) is not None}
        if not texts and not any(name.endswith("_body") for name in self.errors):
            self.add_error(f"{self.languages[0]}_body", _("A prompt needs a body in one language."))
        if not self.errors:
            self.template = PromptTemplate(chosen["prompt"], texts, fenced=self.initial.get("fenced", True))
            self._decode(chosen)
        return chosen

    def _read(self, language: str, chosen: dict[str, Any]) -> TemplateText | None:
        """The text of a language, checked: a mistake stands beside its field, with the variables that are allowed."""
        parts = [chosen.get(f"{language}_{part}", "").replace("\r\n", "\n") for part in PARTS]
        if not parts[list(PARTS).index("body")].strip():
            return None
        text = TemplateText(*parts)
        try:
            PromptTemplate("p", {language: text})
        except InputError as error:
            part = error.where.rpartition(", ")[2]
            self.add_error(f"{language}_{part if part in PARTS else 'body'}", _say(error))
        return text

    def _decode(self, chosen: dict[str, Any]) -> None:
        names = ("temperature", "samples", "max_tokens", "rationale_tokens")
        try:
            self.decoding = Decoding(**{name: chosen[name] for name in names})
        except InputError as error:
            self.add_error(None, str(error))


def _text_field(language: str, part: str) -> forms.CharField:
    field = forms.CharField(label=PARTS[part][0], required=False, strip=False, widget=forms.Textarea)
    field.help_text = " ".join(f"{{{name}}}" for name in PARTS[part][1])
    field.widget.attrs.update({"rows": PARTS[part][2], "spellcheck": "false", "lang": language})
    return field


def _say(error: InputError) -> str:
    """An error beside its field needs not say where it is."""
    return f"{error.problem} ({_('allowed')}: {error.expected})"
