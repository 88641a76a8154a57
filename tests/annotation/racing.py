"""People at work in processes of their own: what no thread and no test transaction can imitate.

``python -m tests.annotation.racing PROJECT PERSON MOST`` claims and answers until nothing is left, and prints one line
of JSON: the items that came. With MOST 0 it takes one item and answers nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable

MODULE = "tests.annotation.racing"


def work(slug: str, username: str, most: int) -> list[int]:
    """Claim and submit up to ``most`` items; returns their ids."""
    from annotation.actions import leases
    from judge.models import Project, User
    from tests.annotation.answering import answer

    project = Project.objects.select_related("policy").get(slug=slug)
    person, came = User.objects.get(username=username), []
    if most == 0:
        held = leases.claim(project, by=person)
        return [held.item_id] if held else []
    while len(came) < most and (lease := leases.claim(project, by=person)):
        came.append(lease.item_id)
        answer(project, person, lease=lease)
    return came


def race(slug: str, usernames: Iterable[str], *, most: int = 1_000_000) -> dict[str, list[int]]:
    """Let one process for each person work at the same time; returns the items that each of them got."""
    crew = {name: start(slug, name, str(most)) for name in usernames}
    for process in crew.values():
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in crew.values():
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return {name: json.loads(finish(process)) for name, process in crew.items()}


def start(*words: str) -> subprocess.Popen[str]:
    """A process on the database that this one uses; it says ``ready`` and waits for a line."""
    from django.conf import settings
    from django.db import connection
    from psycopg.conninfo import make_conninfo

    url = make_conninfo(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "-m", MODULE, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url},
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=540)
    assert process.returncode == 0, f"a racing process failed with {process.returncode}: {out}"
    return out


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "judge.settings")
    django.setup()
    from django.db import connection

    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    slug, username, most = sys.argv[1:]
    print(json.dumps(work(slug, username, int(most))))


if __name__ == "__main__":
    main()
