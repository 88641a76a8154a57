"""10,000 requests that schemathesis makes of the API's description, valid and invalid, into the application.

Counted: answers of 500 and above, and answers that the description does not hold. The database is real; the queue is in
memory, so that runs and exports are ordered and nobody makes them.
"""

from __future__ import annotations

import os
from collections import Counter

from judge.actions import tokens
from judge.api.app import views
from judge.models import ApiToken, Role
from tests import factories
from tests.benchmarks.figures import Figure

N_REQUESTS = 10_000
FIGURES = {"operate.schemathesis_breaks": "0 in 10,000 requests"}


def measure() -> list[Figure]:
    from django.conf import settings

    from llm_judge.actions import setups
    from tests.judge.api.fuzzing import fuzz

    settings.API_REQUESTS_A_MINUTE, settings.BROKER_URL = 10**7, "memory://"
    settings.ALLOWED_HOSTS = ["*"]
    os.environ["CELERY_BROKER_URL"] = "memory://"
    project = factories.make_project("Bench schema")
    setups.use_scripted(project)
    factories.import_items(project, n=20)
    person = factories.make_member(project, "lea", Role.LEAD, Role.TRAINER)
    secret = tokens.make(project, person, name="x", scopes=ApiToken.Scope.values, days=1, by=None).secret
    said: Counter[int] = Counter()
    broken, n_sent, each = [], 0, -(-N_REQUESTS // (2 * len(views())))
    for name in sorted(views()):
        try:
            n_sent += fuzz(secret, project.slug, name, each, told=lambda status: said.update([status]))
        except Exception as error:
            broken.append(f"{name}: {str(error)[:300]}")
    while n_sent < N_REQUESTS and not broken:  # operations that cannot be asked wrongly were asked half as often
        n_sent += fuzz(secret, project.slug, "push_item", 500, told=lambda status: said.update([status]))
    told = f"{n_sent:,} requests: " + ", ".join(f"{n:,} × {status}" for status, n in sorted(said.items()))
    met = not broken and n_sent >= N_REQUESTS
    return [Figure("operate.schemathesis_breaks", len(broken), "operations", "0 in 10,000 requests", met, told,
                   "; ".join(broken))]  # fmt: skip
