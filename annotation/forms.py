"""What the workbench's form sends. Field names: ``case`` (each criterion shown), ``answer-<case>``, ``note-<case>``."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from annotation.rules.answers import Answer
from judge.errors import InputError

LABEL = "label:"
LONGEST_NOTE = 2_000
#: More than an hour on one item is a tab that was left open.
LONGEST_TIME_MS = 3_600_000


class SubmitForm(forms.Form):
    """What comes with the answers: the page's key, the lease, and how long the item was in sight."""

    key = forms.UUIDField()
    lease = forms.IntegerField(required=False)
    took = forms.IntegerField(required=False, min_value=0)

    def clean_took(self) -> int | None:
        took: int | None = self.cleaned_data["took"]
        return None if took is None else min(took, LONGEST_TIME_MS)

    def check(self) -> None:
        """Raises InputError for a page that no longer fits."""
        if not self.is_valid():
            fields = ", ".join(self.errors)
            raise InputError(_("the page sent something unreadable"), where=fields, next_step=_("Reload the page."))


def read_answers(data: QueryDict) -> dict[int, Answer]:
    """The answers in a form, by case; what was left open is there as an open answer."""
    cases = [case for case in data.getlist("case") if case.isdecimal() and len(case) < 19]
    return {int(case): read_answer(data.get(f"answer-{case}", ""), data.get(f"note-{case}", "")) for case in cases}


def read_answer(choice: str, note: str) -> Answer:
    """One answer: ``label:<key>``, ``skip``, ``flag`` or nothing."""
    note = note.replace("\x00", "").strip()[:LONGEST_NOTE]
    if choice.startswith(LABEL):
        return Answer(choice.removeprefix(LABEL), note=note)
    return Answer(is_skipped=choice == "skip", is_flagged=choice == "flag", note=note)
