"""The errors people see: each says what, where, what was expected and what to do next."""

from __future__ import annotations


class CojudgeError(Exception):
    """A mistake that a person can mend; its text is shown to them as it stands."""


class InputError(CojudgeError):
    """A file or a request holds something that cannot be taken.

    >>> str(InputError("label \\"gud\\" is not in relevance", where="line 17", expected="yes, no"))
    'line 17: label "gud" is not in relevance (expected: yes, no)'
    """

    def __init__(self, problem: str, *, where: str = "", expected: str = "", next_step: str = "") -> None:
        self.problem, self.where, self.expected, self.next_step = problem, where, expected, next_step
        text = f"{where}: {problem}" if where else problem
        if expected:
            text += f" (expected: {expected})"
        if next_step:
            text += f". {next_step}"
        super().__init__(text)


class NotAllowed(CojudgeError):
    """The person may not do this here."""


class AppendOnlyError(CojudgeError):
    """Somebody tried to change or delete a row that only ever grows by new rows."""


class ServiceError(CojudgeError):
    """A server that we need (database, broker, model) is missing or ill; the text says what to do."""
