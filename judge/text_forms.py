"""What leads may send about texts that must go."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ErasureForm(forms.Form):
    """Which texts leave for good."""

    what = forms.ChoiceField(
        label=_("What"),
        choices=[("item", _("One item; its context stays")), ("context", _("A context and every item in it")),
                 ("person", _("A person: every context with their key, and its items"))],
        widget=forms.RadioSelect, initial="item",
    )  # fmt: skip
    id = forms.CharField(label=_("Its id, as it was imported"), max_length=200, strip=False,
                         widget=forms.TextInput(attrs={"autocomplete": "off"}))  # fmt: skip
    reason = forms.CharField(
        label=_("Reason, for the log"), required=False, max_length=160, help_text=_("Optional; no personal data.")
    )
    is_sure = forms.BooleanField(label=_("I know that it cannot be undone."))


class RetentionForm(forms.Form):
    """How long a project keeps texts."""

    days = forms.IntegerField(
        label=_("Days after the import"), required=False, min_value=1, max_value=36_500,
        help_text=_("Then a worker erases them, settled or not. Empty: they stay until somebody erases them."),
    )  # fmt: skip
