from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandError

from judge import embedded, registry
from judge.cli import CojudgeCommand
from judge.errors import CojudgeError
from judge.registry import Finding


class Command(CojudgeCommand):
    help = "Says what is wrong with this installation and what to do about it."

    def handle(self, *args: Any, **options: Any) -> None:
        n_ill = 0
        for name in registry.doctor_checks:
            self.progress(f"looking at {name} …")
            findings = _examine(name)
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


def _examine(name: str) -> list[Finding]:
    """What the check found. A check that fails itself is a finding too: the others still run."""
    try:
        return registry.doctor_checks[name]()
    except CojudgeError as error:
        return [Finding(name, False, str(error))]
    except Exception as error:
        if fault := embedded.find_fault(error):
            return [Finding(name, False, fault, embedded.DATABASE_REMEDY)]
        detail = f"the check itself failed: {type(error).__name__}: {error}"
        return [Finding(name, False, detail, "Please report it, with the version of Python and of Cojudge")]
