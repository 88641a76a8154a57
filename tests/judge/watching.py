"""Workers that read the same audits, each a process of its own: ``python -m tests.judge.watching CERTIFICATE``."""

from __future__ import annotations

import os
import subprocess
import sys

MODULE = "tests.judge.watching"


def race(certificate_id: int, *, workers: int = 2) -> list[str]:
    """Let so many processes read at the same time; what each of them printed."""
    from tests.annotation import racing
    from tests.flow.workers import database_url

    crew = [
        subprocess.Popen(
            [sys.executable, "-m", MODULE, str(certificate_id)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env=os.environ | {"DATABASE_URL": database_url()},
        )
        for _ in range(workers)
    ]  # fmt: skip
    for process in crew:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in crew:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [racing.finish(process).strip() for process in crew]


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "judge.settings")
    django.setup()
    from judge.actions import audits
    from judge.models import Certificate

    certificate = Certificate.objects.select_related("judge", "policy", "project", "criterion").get(pk=sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    alarm = audits.read(certificate)
    print("alarm" if alarm else "quiet")


if __name__ == "__main__":
    main()
