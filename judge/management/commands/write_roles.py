"""Write docs/roles.md anew from the policy marks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from judge import roles


class Command(BaseCommand):
    help = "Write docs/roles.md, the table of who may do what, from the marks that the views carry."
    requires_system_checks: tuple[str, ...] = ()

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "roles.md"
        path.write_text(roles.page(), encoding="utf-8")
        self.stdout.write(f"{path}: {len(roles.doors())} addresses")
