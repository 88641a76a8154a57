from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandError

from judge import registry
from judge.cli import CojudgeCommand


class Command(CojudgeCommand):
    help = "Says what is wrong with this installation and what to do about it."

    def handle(self, *args: Any, **options: Any) -> None:
        n_ill = 0
        for name in registry.doctor_checks:
            self.progress(f"looking at {name} …")
            findings = registry.doctor_checks[name]()
            self.end_progress()
            for finding in findings:
                n_ill += not finding.is_well
                self.say(f"{'ok  ' if finding.is_well else 'ILL '} {finding.name}: {finding.detail}")
                if finding.remedy and not finding.is_well:
                    self.say(f"       → {finding.remedy}")
            sys.stdout.flush()
        if n_ill:
            raise CommandError(f"{n_ill} of the checks found something to mend")
        self.say("all is well")
