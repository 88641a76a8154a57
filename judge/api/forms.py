"""What people may send to the pages about programs."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from judge.actions.tokens import LONGEST_DAYS
from judge.models import ApiToken, Webhook


class TokenForm(forms.Form):
    """A token of one's own."""

    name = forms.CharField(label=_("What for"), max_length=80, help_text=_("The program that will hold it."))
    scopes = forms.MultipleChoiceField(
        label=_("It may"), widget=forms.CheckboxSelectMultiple,
        choices=[
            (ApiToken.Scope.READ.value, _("read cases, decisions and labels")),
            (ApiToken.Scope.PUSH.value, _("push items and judgments")),
            (ApiToken.Scope.RUN.value, _("start runs")),
            (ApiToken.Scope.EXPORT.value, _("have exports made and fetch them")),
        ],
        error_messages={"required": _("Choose at least one.")},
    )  # fmt: skip
    days = forms.IntegerField(
        label=_("Days until it expires"), min_value=1, max_value=LONGEST_DAYS, initial=90,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )  # fmt: skip


class WebhookForm(forms.Form):
    """An address and what it is told."""

    url = forms.CharField(
        label=_("Address"), max_length=500, help_text=_("A public https address; site admins may name others."),
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )  # fmt: skip
    kinds = forms.MultipleChoiceField(
        label=_("It is told of"), widget=forms.CheckboxSelectMultiple,
        choices=[
            (Webhook.Kind.LABEL_AGREED.value, _("agreed labels")),
            (Webhook.Kind.CERTIFICATE_CHANGED.value, _("certificates that come or go")),
            (Webhook.Kind.ALARM.value, _("alarms")),
            (Webhook.Kind.EXPORT_READY.value, _("exports that are ready")),
        ],
        error_messages={"required": _("Choose at least one.")},
    )  # fmt: skip
