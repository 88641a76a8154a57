"""What a lead may send to the machines' pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from llm_judge.actions.endpoints import EMBEDDED, SCRIPTED, SERVER

JUDGES = (
    (EMBEDDED, _("Embedded model: small, runs here, weak")),
    (SERVER, _("The team's model server (JUDGE_URL)")),
    (SCRIPTED, _("Scripted answers: no model, for trials")),
)
WISHES = (("pause", _("Pause")), ("resume", _("Go on")), ("cancel", _("Cancel")))


class StartForm(forms.Form):
    """How many cases, and by which judge where none is in force yet."""

    limit = forms.IntegerField(
        label=_("At most"), required=False, min_value=1, help_text=_("Empty: all that are left.")
    )
    judge = forms.ChoiceField(label=_("Judge"), choices=JUDGES, required=False)


class SteerForm(forms.Form):
    wish = forms.ChoiceField(choices=WISHES)
