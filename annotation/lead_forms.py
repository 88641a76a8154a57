"""What leads send: invitations, terms of work, what they look for in the queue, and assignments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from annotation.actions.assignments import MOST
from annotation.actions.standing import Choice, Group
from annotation.actions.terms import MOST as MOST_IN_A_DAY
from annotation.models import Annotator
from judge.models import Criterion, Role, User
from judge.templatetags.words import word

#: In an address: an item that says no language.
NO_LANGUAGE = "-"


class InviteForm(forms.Form):
    """Somebody who shall work here."""

    username = forms.CharField(
        label=_("Username"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    email = forms.CharField(
        label=_("E-mail"), required=False, max_length=254, validators=[validate_email],
        help_text=_("Optional. Where mail is set up, the link is mailed too."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=lambda: [(role, word(role, "role")) for role in Role.values],
        initial=[Role.ANNOTATOR.value],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one role.")},
    )


class TermsForm(forms.Form):
    """What a person is given. Nothing chosen limits nothing."""

    languages = forms.CharField(
        label=_("Languages"), required=False, max_length=100,
        help_text=_("For example: zh, en. Empty: every language. Items that say no language are for everybody."),
    )  # fmt: skip
    criteria = forms.MultipleChoiceField(
        label=_("Criteria"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every criterion."),
    )
    daily_cap = forms.IntegerField(
        label=_("Items a day"), required=False, min_value=1, max_value=MOST_IN_A_DAY, help_text=_("Empty: no limit.")
    )

    def __init__(self, *args: Any, criteria: Iterable[tuple[Criterion, str]], own: Annotator, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "languages": ", ".join(own.languages),
            "criteria": own.criteria,
            "daily_cap": own.daily_cap,
        }
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["criteria"]).choices = [(each.key, title) for each, title in criteria]

    def clean_languages(self) -> list[str]:
        return [each.strip() for each in self.cleaned_data["languages"].replace(";", ",").split(",") if each.strip()]


class QueueForm(forms.Form):
    """Which waiting cases a lead looks at; everything optional, everything in the address."""

    criterion = forms.TypedChoiceField(label=_("Criterion"), required=False, coerce=int, empty_value=None)
    language = forms.ChoiceField(label=_("Language"), required=False)
    reason = forms.ChoiceField(label=_("Reason"), required=False)
    days = forms.IntegerField(label=_("Waiting for days"), required=False, min_value=1, max_value=10_000)

    def __init__(self, *args: Any, groups: Iterable[Group], titles: dict[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = list(groups)
        self._offer("criterion", [(each, titles[each]) for each in {group.criterion_id for group in found}])
        languages = {group.language for group in found}
        self._offer("language", [(each or NO_LANGUAGE, each or str(_("not said"))) for each in languages])
        self._offer("reason", [(each, word(each, "reason")) for each in {group.reason for group in found} - {""}])

    def choice(self) -> Choice:
        """What was chosen; everything where the address says something that does not stand in the queue."""
        sent = self.cleaned_data if self.is_valid() else {}
        language = sent.get("language")
        return Choice(
            criterion=sent.get("criterion"),
            language="" if language == NO_LANGUAGE else language or None,
            reason=sent.get("reason") or None,
            days=sent.get("days"),
        )

    def _offer(self, name: str, choices: list[tuple[Any, str]]) -> None:
        field = cast(forms.ChoiceField, self.fields[name])
        field.choices = [("", _("any")), *sorted(choices, key=lambda each: each[1])]


class AssignForm(forms.Form):
    """To whom, and how many to each."""

    people = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        label=_("Who"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one person.")},
    )
    each = forms.IntegerField(label=_("Items for each"), initial=20, min_value=1, max_value=MOST)

    def __init__(self, *args: Any, annotators: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ModelMultipleChoiceField, self.fields["people"])  # type: ignore[type-arg]
        field.queryset = annotators
        field.label_from_instance = lambda user: str(user.display_name)  # type: ignore[method-assign, assignment]
