"""What our commands share: a project by its slug, people's mistakes as one line, progress on a terminal."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from judge import embedded
from judge.errors import CojudgeError, InputError
from judge.models import Project


class CojudgeCommand(BaseCommand):
    """A command whose mistakes end in one clear line instead of a traceback."""

    requires_system_checks: list[str] = []

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except CojudgeError as error:
            raise CommandError(str(error)) from error
        except (OperationalError, InterfaceError) as error:
            if not (said := embedded.explain(error)):
                raise
            raise CommandError(said) from error

    def say(self, text: str) -> None:
        self.stdout.write(text)

    def progress(self, text: str) -> None:
        """One line that is written over, on a terminal only."""
        if sys.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{text}", ending="")
            self.stderr.flush()

    def end_progress(self) -> None:
        self.progress("")


def find_project(name: str) -> Project:
    """The project of this slug or name. Raises InputError with the projects there are."""
    known = Project.objects.select_related("policy", "rubric", "judge", "generator_template")
    found = known.filter(slug=name).first() or known.filter(name=name).first()
    if found is None:
        slugs = ", ".join(known.order_by("slug").values_list("slug", flat=True)[:20])
        raise InputError(f'there is no project "{name}"', expected=slugs or "one made with manage.py create_project")
    return found
