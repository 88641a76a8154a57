"""What a person may say to one criterion. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from judge.rules.scales import Question
from judge.rules.settling import FLAGGED, SKIPPED


@dataclass(frozen=True, slots=True)
class Answer:
    """A label of the scale; or no label, because the person skipped or flagged the case. ``note`` says more."""

    label: str | None = None
    is_skipped: bool = False
    is_flagged: bool = False
    note: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nothing has been chosen yet."""
        return self.label is None and not (self.is_skipped or self.is_flagged)

    @property
    def unscored_reason(self) -> str:
        """What the judgment's row says where there is no label.

        >>> Answer(is_flagged=True, note="the picture is missing").unscored_reason
        'flagged'
        """
        if self.label is not None:
            return ""
        return FLAGGED if self.is_flagged else SKIPPED if self.is_skipped else ""

    def in_words(self, question: Question) -> str:
        """The answer as the person who gave it reads it, without the note."""
        if self.label is None:
            return self.unscored_reason
        return next((each.title for each in question.labels if each.key == self.label), self.label)
