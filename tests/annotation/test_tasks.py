"""The beat's task."""

from __future__ import annotations

from annotation.models import Lease
from annotation.tasks import sweep_leases
from judge.models import Project, User
from tests import factories
from tests.annotation.answering import run_out, take


def test_the_sweep_closes_what_ran_out_in_every_project(project: Project, ann: User) -> None:
    factories.import_items(project)
    run_out(take(project, ann))
    assert sweep_leases() == 1
    assert Lease.objects.get().outcome == "expired"
