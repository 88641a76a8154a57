"""What the workbench's form sends. Field names: ``case`` (each criterion shown), ``answer-<case>``, ``note-<case>``."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from annotation.rules.answers import Answer
from judge.errors import InputError
from judge.models import Policy

LABEL = "label:"
#: Fields of MeasuringForm that hold a share.
SHARES = ("gold_question_rate", "repeat_rate", "shown_first_rate")
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


class MeasuringForm(forms.Form):
    """How much of what people answer measures or teaches them; shares in hundredths."""

    gold_question_rate = forms.FloatField(
        label=_lazy("Gold questions, % of items"), min_value=0, max_value=50,
        help_text=_lazy("Cases that an adjudicator has decided, among the work. Nobody can tell them from it."),
    )  # fmt: skip
    teaches_gold = forms.BooleanField(
        label=_lazy("Gold questions tell the right label afterwards"), required=False,
        help_text=_lazy("Then everybody knows which ones they were."),
    )  # fmt: skip
    gold_limit = forms.FloatField(
        label=_lazy("Pause who is right in less than … % of gold questions"), min_value=1, max_value=99, required=False,
        help_text=_lazy("Only once the whole range lies below it. Empty: nobody is paused."),
    )  # fmt: skip
    repeat_rate = forms.FloatField(
        label=_lazy("Own answers asked again, % of items"), min_value=0, max_value=50,
        help_text=_lazy("After three days at the earliest, each once."),
    )  # fmt: skip
    training_items = forms.IntegerField(
        label=_lazy("Items that a newcomer is taught first"), min_value=0, max_value=200,
        help_text=_lazy("With the right label after each. 0: no training."),
    )  # fmt: skip
    reveals = forms.BooleanField(
        label=_lazy("People see what the judge said after their submit"), required=False,
        help_text=_lazy("Of train and open cases alone; never of certify, gold or audited ones."),
    )  # fmt: skip
    shown_first_rate = forms.FloatField(
        label=_lazy("Train items with the judge's view shown first, % of items"), min_value=0, max_value=50,
        help_text=_lazy("Measures how far the judge sways people. Such answers count for nothing else."),
    )  # fmt: skip

    @classmethod
    def of_policy(cls, policy: Policy) -> MeasuringForm:
        limit = None if policy.gold_limit is None else round(100 * policy.gold_limit, 2)
        return cls(
            initial={
                **{name: round(100 * getattr(policy, name), 2) for name in SHARES},
                "teaches_gold": policy.teaches_gold,
                "gold_limit": limit,
                "training_items": policy.training_items,
                "reveals": not policy.is_blind,
            }
        )

    @property
    def changes(self) -> dict[str, Any]:
        """What a valid form wants of the policy."""
        told, limit = self.cleaned_data, self.cleaned_data["gold_limit"]
        return {
            **{name: told[name] / 100 for name in SHARES},
            "teaches_gold": told["teaches_gold"],
            "gold_limit": None if limit is None else limit / 100,
            "training_items": told["training_items"],
            "is_blind": not told["reveals"],
        }
