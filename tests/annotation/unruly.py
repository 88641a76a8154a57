"""People who work as people do and whose processes die: submits sent twice, items kept past their time, given back.

``python -m tests.annotation.unruly PROJECT PERSON MOST JOURNAL`` works until it has answered MOST items, counting those
that an earlier life wrote into the journal. A line of the journal is a submit that was acknowledged.
"""

from __future__ import annotations

import json
import os
import random
import sys
import uuid
from pathlib import Path

#: Of the items taken, so many are given back, kept past their time, and sent twice.
RELEASED, OVERDUE, TWICE = 0.03, 0.05, 0.1


def work(slug: str, username: str, most: int, journal: Path) -> None:
    from annotation.actions import leases
    from judge.models import Project, User
    from tests.annotation.answering import run_out

    project = Project.objects.select_related("policy").get(slug=slug)
    person, chance = User.objects.get(username=username), random.Random(os.getpid())
    n_done = len(journal.read_text().splitlines()) if journal.exists() else 0
    with journal.open("a") as file:
        while n_done < most and (lease := leases.claim(project, by=person)):
            drawn = chance.random()
            if drawn < RELEASED:
                leases.release(lease.pk, by=person)
                continue
            if drawn < RELEASED + OVERDUE:
                run_out(lease)
                leases.sweep_expired(project)
            key = str(uuid.uuid4())
            for _ in range(2 if chance.random() < TWICE else 1):
                submit(project, person, lease, key)
            file.write(json.dumps({"key": key, "item": lease.item_id}) + "\n")
            file.flush()
            n_done += 1


def submit(project, person, lease, key) -> None:  # type: ignore[no-untyped-def]
    from annotation.actions import submissions
    from tests.annotation.answering import answers_for

    submissions.submit(project, by=person, key=uuid.UUID(key), lease_id=lease.pk, answers=answers_for(lease))


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "judge.settings")
    django.setup()
    work(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
