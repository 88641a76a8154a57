"""Write docs/reference.md anew from the code."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from judge import reference


class Command(BaseCommand):
    help = "Write docs/reference.md: commands with their options, variables of the environment, rules of a policy."
    requires_system_checks: tuple[str, ...] = ()

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "reference.md"
        path.write_text(reference.page(), encoding="utf-8")
        self.stdout.write(f"{path}: {len(reference.commands())} commands, {len(reference.variables())} variables")
