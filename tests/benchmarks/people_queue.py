"""The next item: how long it takes in a small and in a large project, and for one who answered all at the queue's head.

Items stand in Postgres by one statement each, as an import would leave them: five to a context, two criteria, in all
tiers. Each look is a request that stores an item's answers and brings the next item, in turn by twenty people.
"""

from __future__ import annotations

import sys
import time
from statistics import quantiles

from django.db import connection
from django.test import Client
from django.urls import reverse

from judge.actions import projects
from judge.models import Project, Role, User
from tests import factories
from tests.annotation.views.forms import GOOD_FORM, HTMX, filled
from tests.benchmarks.figures import Figure

FIGURES = {
    "people.next_item_p95_at_1m": "≤ 60 ms",
    "people.next_item_growth": "≤ 1.3",
    "people.next_item_p95_after_30k_answered": "≤ 60 ms",
}
SMALL, LARGE, ANSWERED = 10_000, 1_000_000, 30_000
PEOPLE, ROUNDS = 20, 25

CONTEXTS = """
INSERT INTO judge_context (project_id, identity, user_key, content)
SELECT %(project)s, 'context ' || n, '', to_json('person ' || n || ' likes tents')
FROM generate_series(1, %(n)s / 5) AS n
"""
ITEMS = """
INSERT INTO judge_item (project_id, context_id, frame_id, identity, kind, output, prompt, meta, generator, language,
                        category, stream, stream_probability, stream_reason)
SELECT %(project)s, c.id, %(frame)s, 'item ' || c.id || '.' || n, 'single', to_json('tent number ' || n), '', '{}', '',
       'en', '', 'open', 1, 'drawn'
FROM judge_context c, generate_series(1, 5) AS n WHERE c.project_id = %(project)s
"""
CASES = """
INSERT INTO judge_case (project_id, item_id, criterion_id, stage, people_wanted, seats_taken, priority, queue_order)
SELECT %(project)s, i.id, k.id, 'people', 2, 0, i.id %% 7, (i.context_id * 7919) %% 67108864 + (i.id %% 5) / 5.0
FROM judge_item i, judge_criterion k WHERE i.project_id = %(project)s AND k.project_id = %(project)s
"""
#: A person's votes on the first items of the queue, with their seats.
ANSWERS = """
WITH first AS (
    SELECT id, criterion_id FROM judge_case WHERE project_id = %(project)s ORDER BY priority DESC, queue_order
    LIMIT 2 * %(n)s
), voted AS (
    INSERT INTO judge_judgment (case_id, criterion_id, rater_id, purpose, label, unscored_reason, origin, suspicion)
    SELECT f.id, f.criterion_id, %(rater)s, 'vote', (SELECT key FROM judge_scale_label s
           WHERE s.criterion_id = f.criterion_id AND s.position = 0), '', '', '' FROM first f
)
UPDATE judge_case c SET seats_taken = 1 FROM first WHERE c.id = first.id
"""


def measure() -> list[Figure]:
    small, large = (sorted(looks(fill(name, n))) for name, n in (("Small", SMALL), ("Large", LARGE)))
    busy = Project.objects.get(name="Large")
    after = sorted(looks(busy, [answered_all(busy, ANSWERED)], rounds=200))
    told = f"p95 of {len(large)} requests by {PEOPLE} people: {p95(small):.1f} ms with {SMALL:,} items"
    return [
        figure("people.next_item_p95_at_1m", p95(large), "ms", 60, f"{told}; median {p50(large):.1f} ms"),
        figure("people.next_item_growth", p95(large) / p95(small), "", 1.3, told),
        figure("people.next_item_p95_after_30k_answered", p95(after), "ms", 60, f"worst {after[-1]:.0f} ms"),
    ]


def figure(name: str, value: float, unit: str, most: float, told: str) -> Figure:
    return Figure(name, value, unit, FIGURES[name], met=value <= most, baseline=told)


def fill(name: str, n_items: int) -> Project:
    """A project whose queue holds ``n_items`` items."""
    start, project = time.monotonic(), factories.make_project(name)
    frame = project.frames.create(name="bench", salt="s", train_rate=0, certify_rate=0, gold_rate=0)
    with connection.cursor() as cursor:
        for statement in (CONTEXTS, ITEMS, CASES):
            cursor.execute(statement, {"project": project.pk, "frame": frame.pk, "n": n_items})
        cursor.execute("VACUUM ANALYZE")  # as autovacuum leaves it; nor is the writing of the items to be measured
        cursor.execute("CHECKPOINT")
    print(f"{n_items:,} items in {time.monotonic() - start:.0f} s", file=sys.stderr)
    return project


def answered_all(project: Project, n_items: int) -> User:
    """A person who has answered the first ``n_items`` of the queue."""
    person = factories.make_member(project, "busy", Role.ANNOTATOR)
    with connection.cursor() as cursor:
        cursor.execute(ANSWERS, {"project": project.pk, "rater": projects.rater_of(person).pk, "n": n_items})
        cursor.execute("ANALYZE judge_judgment")
    return person


def looks(project: Project, people: list[User] | None = None, *, rounds: int = ROUNDS) -> list[float]:
    """Milliseconds of each request that stores answers and brings the next item."""
    names = [f"person{number}" for number in range(PEOPLE)]
    desks = [_sit_down(project, each) for each in people or [_member(project, name) for name in names]]
    took = [_submit(project, desk) for _ in range(rounds) for desk in desks]
    return took[len(desks) :]  # the first round warms the process


def _member(project: Project, name: str) -> User:
    person = factories.make_member(project, name, Role.ANNOTATOR)
    projects.rater_of(person)
    return person


def _sit_down(project: Project, person: User) -> list[object]:
    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    return [client, client.get(reverse("workbench", kwargs={"slug": project.slug})).content.decode()]


def _submit(project: Project, desk: list[object]) -> float:
    client, page = desk
    form = filled(page, **GOOD_FORM)  # type: ignore[arg-type]
    start = time.perf_counter()
    response = client.post(reverse("submit_answers", kwargs={"slug": project.slug}), form, headers=HTMX)  # type: ignore[attr-defined]
    took = 1000 * (time.perf_counter() - start)
    assert response.status_code == 200
    desk[1] = response.content.decode()
    return took


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def p50(times: list[float]) -> float:
    return quantiles(times, n=2)[0]
