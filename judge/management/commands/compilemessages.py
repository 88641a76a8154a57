"""Compiles the catalogues of translations, without GNU gettext, which many machines lack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from judge.formats.catalogues import compile_catalogue, read_catalogue


class Command(BaseCommand):
    help = "Make django.mo of every django.po in templates/locale and in the apps' locale folders"
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for source in catalogues():
            entries = read_catalogue(source.read_text(encoding="utf-8"), name=str(source))
            source.with_suffix(".mo").write_bytes(compile_catalogue(entries))
            self.stdout.write(f"{source.with_suffix('.mo')}: {len(entries) - 1} texts")


def catalogues() -> list[Path]:
    """The .po files of this installation: the templates' and each app's."""
    return sorted(settings.BASE_DIR.glob("*/locale/*/LC_MESSAGES/*.po"))
