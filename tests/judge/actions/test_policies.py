"""Policies: versions that never change, and what a stricter one does to certificates."""

from __future__ import annotations

import pytest

from judge.actions import judges, policies
from judge.errors import InputError
from judge.models import Certificate, Event, Policy, Project, User
from tests import factories
from tests.judge import proofs


def test_a_new_version_is_put_in_force_and_the_old_one_stays(project: Project, lea: User) -> None:
    before = project.policy
    after = policies.revise(project, by=lea, alpha=0.05)
    project.refresh_from_db()
    assert (project.policy, after.version, after.alpha) == (after, 2, 0.05)
    assert Policy.objects.get(pk=before.pk).alpha == 0.10
    assert (after.overlap, after.train_rate, after.certify_rate) == (before.overlap, 0.0, 0.0)
    event = Event.objects.get(verb="policy put in force")
    assert (event.by, event.data) == (lea, {"version": 2, "alpha": 0.05})


def test_without_a_change_there_is_no_new_version(project: Project, lea: User) -> None:
    assert policies.revise(project, by=lea, alpha=0.10) == project.policy
    assert policies.set_risks(project, {"relevance": (0.10, 0.10)}, by=lea) == project.policy
    assert Policy.objects.filter(project=project).count() == 1


def test_criteria_have_risks_of_their_own(project: Project, lea: User) -> None:
    policies.set_risks(project, {"relevance": (0.05, 0.10), "specificity": (0.10, 0.10)}, by=lea)
    assert project.policy.criterion_risk == {"relevance": {"alpha": 0.05, "delta": 0.10}}
    assert policies.risks(project) == {"relevance": (0.05, 0.10), "specificity": (0.10, 0.10)}
    policies.set_risks(project, {"relevance": (0.10, 0.10)}, by=lea)
    assert (project.policy.criterion_risk, project.policy.version) == ({}, 3)


@pytest.mark.parametrize(("changes", "says"), [
    ({"alpha": 1.0}, "policy_risk_in_unit_interval"),
    ({"criterion_risk": {"relevance": {"alpha": 0.0, "delta": 0.1}}}, "alpha of relevance is 0.0"),
    ({"overlap": 1}, "overlap must be at least 2"),
])  # fmt: skip
def test_what_no_policy_may_say_is_refused(project: Project, lea: User, changes: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        policies.revise(project, by=lea, **changes)
    assert Policy.objects.filter(project=project).count() == 1


def test_certificates_that_promise_less_than_is_asked_now_go_stale_at_once(project: Project, lea: User) -> None:
    loose, strict = proofs.certify(project, "relevance"), proofs.certify(project, "specificity", alpha=0.05)
    policies.set_risks(project, {"relevance": (0.05, 0.10), "specificity": (0.05, 0.10)}, by=lea)
    loose.refresh_from_db()
    strict.refresh_from_db()
    assert (loose.state, strict.state) == ("stale", "certified")
    assert loose.state_reason == "less disagreement is allowed now: 10 % → 5 %"
    assert Event.objects.get(verb="certificate stale").by == lea


def test_a_surer_promise_withdraws_too_and_a_looser_one_does_not(project: Project, lea: User) -> None:
    found = proofs.certify(project, "relevance")
    policies.set_risks(project, {"relevance": (0.20, 0.30)}, by=lea)
    assert Certificate.objects.get(pk=found.pk).state == "certified"
    policies.set_risks(project, {"relevance": (0.20, 0.05)}, by=lea)
    found.refresh_from_db()
    assert (found.state, found.state_reason) == ("stale", "the promise must be surer now: 10 % → 5 %")


def test_a_certificate_that_rests_does_not_come_back_below_what_is_asked(project: Project, lea: User) -> None:
    found = proofs.certify(project, "relevance")
    first = project.judge
    judges.promote(proofs.make_judge(project, "other"), by=lea, even_so=True)
    policies.revise(project, by=lea, alpha=0.05)
    judges.promote(first, by=lea)
    found.refresh_from_db()
    assert (found.state, found.state_reason) == ("stale", "less disagreement is allowed now: 10 % → 5 %")


def test_other_projects_keep_their_certificates(project: Project, lea: User) -> None:
    other = factories.make_project("Other")
    found = proofs.certify(other, "relevance")
    policies.revise(project, by=lea, alpha=0.05)
    assert Certificate.objects.get(pk=found.pk).state == "certified"
