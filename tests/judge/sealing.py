"""Writers and sealers of the audit log in processes of their own: what no thread and no test transaction can imitate.

``python -m tests.judge.sealing write SLUG SEED SECONDS`` writes events from several threads, in transactions that
overlap and some of which are rolled back; ``… seal`` seals over and over. Each prints how many rows it wrote or sealed.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

THREADS = 4


def start(*words: str) -> subprocess.Popen[str]:
    """A process on the database that this one uses."""
    from django.conf import settings
    from django.db import connection
    from psycopg.conninfo import make_conninfo

    url = make_conninfo(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "-m", "tests.judge.sealing", *words],
        stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR, env=os.environ | {"DATABASE_URL": url},
    )  # fmt: skip


def write(slug: str, seed: int, until: float) -> int:
    """Some rows belong to the project, some to the site; transactions last up to 50 ms, so ids come to light late."""
    from django.db import transaction

    from judge.actions import events
    from judge.models import Project

    project, dice, n = Project.objects.get(slug=slug), random.Random(seed), 0
    while time.monotonic() < until:
        size = dice.randint(1, 4)
        with transaction.atomic():
            for place in range(size):
                events.note(dice.choice([project, None]), "judged", by=None, subject=f"writer:{seed}", place=place)
            time.sleep(dice.random() * 0.05)
            if fails := dice.random() < 0.1:
                transaction.set_rollback(True)
        n += 0 if fails else size
    return n


def seal(until: float) -> int:
    from judge.actions import event_chain

    n = 0
    while time.monotonic() < until:
        n += event_chain.seal_all()
        time.sleep(0.01)
    return n


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "judge.settings")
    django.setup()
    what, slug, seed, seconds = sys.argv[1:]
    until = time.monotonic() + float(seconds)
    if what == "seal":
        print(seal(until))
        return
    with ThreadPoolExecutor(THREADS) as crew:
        print(sum(crew.map(lambda place: write(slug, int(seed) * THREADS + place, until), range(THREADS))))


if __name__ == "__main__":
    main()
