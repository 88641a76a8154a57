"""Does the queue collide? Twenty people in twenty processes claim and answer 500 items each. And: queries counted."""

from __future__ import annotations

import sys
import time
from collections import Counter

from django.db import connection
from django.db.models import Count, F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.models import Lease
from judge.actions import projects
from judge.models import Case, Judgment, Project, Role, User
from tests import factories
from tests.annotation import racing
from tests.annotation.views.forms import GOOD_FORM, HTMX, filled
from tests.benchmarks.figures import Figure

FIGURES = {"loop.double_leases": "0", "loop.queries_next_and_submit": "≤ 12"}
PEOPLE, CLAIMS = 20, 500
#: Items beyond two seats for each claim: the last people could else find only items that they have answered themselves.
SPARE = 200
CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


def measure() -> list[Figure]:
    return [double_leases(), queries_next_and_submit()]


def double_leases(people: int = PEOPLE, claims: int = CLAIMS) -> Figure:
    """Every claim is answered, so each lease stands for a seat for good: what is taken twice can be counted after."""
    project = factories.make_project("Crowded")
    names = [f"person{number}" for number in range(people)]
    for name in names:
        factories.make_member(project, name, Role.ANNOTATOR)
    factories.import_items(project, n=people * claims // 2 + SPARE)
    start = time.monotonic()
    came = racing.race(project.slug, names, most=claims)
    seconds, n_claims = time.monotonic() - start, sum(map(len, came.values()))
    doubles = count_doubles(project, came)
    print(f"{n_claims:,} claims by {people} processes in {seconds:.0f} s: {doubles}", file=sys.stderr)
    return Figure(
        "loop.double_leases",
        sum(doubles.values()),
        "leases",
        FIGURES["loop.double_leases"],
        met=not sum(doubles.values()) and n_claims == people * claims,
        baseline=f"{n_claims:,} claims, each with its submit, in {seconds:.0f} s: {n_claims / seconds:.0f} per second",
    )


def count_doubles(project: Project, came: dict[str, list[int]]) -> dict[str, int]:
    """Everything that must not happen, by name."""
    cases = Case.objects.filter(project=project)
    votes = Judgment.objects.filter(case__project=project, purpose="vote")
    by_case = votes.values("case").annotate(n=Count("pk"))
    over = by_case.filter(n__gt=F("case__people_wanted")).count()
    leases = Lease.objects.filter(project=project).values_list("item_id", "person_id")
    per_item = Counter(item for item, _person in leases)
    return {
        "an item twice to one person": len(leases)
        - len(set(leases))
        + sum(len(x) - len(set(x)) for x in came.values()),
        "an item to more people than wanted": sum(n > 2 for n in per_item.values()),
        "a case with more votes than wanted": over,
        "an answer lost or doubled": abs(votes.count() - 2 * len(leases)),
        "a seat miscounted": cases.exclude(seats_taken__in=(0, 1, 2)).count()
        + abs(sum(cases.values_list("seats_taken", flat=True)) - votes.count()),
    }


def queries_next_and_submit() -> Figure:
    """Statements of one request that stores an item's answers and brings the next item; the worse of two votes."""
    project = factories.make_project("Counted")
    factories.import_items(project, n=3)
    counts = [_count(project, factories.make_member(project, name, Role.ANNOTATOR)) for name in ("first", "deciding")]
    first, deciding = counts
    return Figure(
        "loop.queries_next_and_submit",
        max(counts),
        "queries",
        FIGURES["loop.queries_next_and_submit"],
        met=max(counts) <= 12,
        baseline=f"a first vote {first}, the vote that settles two cases {deciding}; session, user, project included",
        reason="" if max(counts) <= 12 else f"first vote {first}, settling vote {deciding}: it also writes the label",
    )


def _count(project: Project, person: User) -> int:
    projects.rater_of(person)
    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    page = client.get(reverse("workbench", kwargs={"slug": project.slug})).content.decode()
    address, form = reverse("submit_answers", kwargs={"slug": project.slug}), filled(page, **GOOD_FORM)
    with CaptureQueriesContext(connection) as captured:
        assert client.post(address, form, headers=HTMX).status_code == 200
    return sum(not each["sql"].startswith(CONTROL) for each in captured.captured_queries)
