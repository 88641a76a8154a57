"""Certify now: a lead's wish goes to a worker, and what came of it stands in an event. Earned on real rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command

from judge import tasks
from judge.actions import certifications, judges, seating
from judge.errors import ServiceError
from judge.models import Certificate, Decision, Project, Role, User
from tests import factories
from tests.flow import imported
from tests.judge import proofs


@pytest.fixture
def elsewhere(db: None, tmp_path: Path) -> Project:
    """A project judged and labelled elsewhere, by a judge that deserves a certificate."""
    rubric, items, judgments, _ = imported.write(imported.World(), tmp_path)
    call_command("create_project", "Elsewhere", "--rubric", str(rubric), "--judge", "none")
    call_command("import_items", "elsewhere", str(items))
    call_command("import_judgments", "elsewhere", str(judgments), "--sample", "random")
    return Project.objects.get(slug="elsewhere")


@pytest.fixture
def lead(elsewhere: Project) -> User:
    return factories.make_member(elsewhere, "lee", Role.LEAD)


def test_a_worker_certifies_and_what_is_proven_is_accepted(queue: None, elsewhere: Project, lead: User) -> None:
    certifications.start(elsewhere, by=lead)
    assert certifications.latest(elsewhere).verb == "certificates asked for"
    tasks.certify(elsewhere.pk, lead.pk, 0)
    last = certifications.latest(elsewhere)
    assert (last.verb, last.by, last.data["waits"]) == ("certificates done", lead, {})
    accepted = Decision.objects.filter(route="accept").count()
    assert (last.data["accepted"], accepted > 200) == (accepted, True)
    assert Certificate.objects.get().by == lead


def test_without_a_queue_nothing_is_noted(project: Project, lea: User) -> None:
    with pytest.raises(ServiceError, match="No queue is set up here"):
        certifications.start(project, by=lea)
    assert certifications.latest(project) is None


def test_what_hinders_a_test_is_said_in_the_event(project: Project, lea: User) -> None:
    certifications.work(project.pk, lea.pk, 0)
    last = certifications.latest(project)
    assert (last.verb, "has no items yet" in last.data["why"]) == ("certificates not done", True)


def test_what_a_test_waits_for_is_said_and_no_figure_with_it(project: Project, lea: User) -> None:
    proofs.make_judge(project)
    factories.import_items(project, n=3)
    certifications.work(project.pk, lea.pk, 1)
    told = certifications.latest(project).data
    assert told["waits"] == dict.fromkeys(
        ["relevance", "specificity"], "no item is in the certify stream of these frames"
    )
    assert set(told) == {"judge", "waits", "accepted"}


def test_a_judge_proven_again_while_it_rested_can_still_be_promoted(elsewhere: Project, lead: User) -> None:
    """Of two certificates of one cell at most one holds: the earlier one must not come back beside the later."""
    certifications.run(elsewhere, by=lead)
    first = elsewhere.judge
    other = judges.make(elsewhere, [proofs.make_judge(elsewhere).seats.get().rater], name="other", by=lead)
    judges.promote(other, by=lead, even_so=True)
    elsewhere.refresh_from_db()
    again = certifications.run(elsewhere, version=first.version, alpha=0.12, by=lead)
    assert again.accepted is None
    assert [each.certificate.state for each in again.outcomes] == ["certified"]
    first.project.refresh_from_db()
    judges.promote(first, by=lead)
    states = Certificate.objects.order_by("pk").values_list("state", "state_reason")
    assert list(states) == [("stale", "a later test accepts more"), ("certified", "")]
    assert seating.judge_to_certify(elsewhere, by=lead) in (first, other)
