"""Policies: a project's rules change by a new version that is put in force; the old one stays as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import model_to_dict

from judge.actions import events, rubrics, withdrawals
from judge.errors import InputError
from judge.models import Policy, Project, User

#: What the next version does not take over from the last.
OWN = ("id", "project", "version")


@transaction.atomic
def revise(project: Project, *, by: User | None, **changes: Any) -> Policy:
    """Put the policy in force anew with ``changes``, fields of Policy; the same one where nothing differs.

    Certificates that promise less than is asked for now go stale at once. Raises InputError in the policy's own words.
    """
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    before = locked.policy
    assert before is not None
    kept = model_to_dict(before, exclude=OWN)
    if kept | changes == kept:
        return before
    after = Policy(project=locked, version=before.version + 1, **(kept | changes))
    _check(after)
    after.save()
    project.policy = locked.policy = after
    locked.save(update_fields=["policy"])
    told = {name: value for name, value in changes.items() if kept[name] != value}
    events.note(project, "policy put in force", by=by, subject=f"policy:{after.pk}", version=after.version, **told)
    withdrawals.follow_policy(before, after, by=by)
    return after


def set_risks(project: Project, risks: Mapping[str, tuple[float, float]], *, by: User | None) -> Policy:
    """Alpha and delta by criterion key; those that are the policy's own need no mention. Other criteria keep theirs."""
    assert project.policy is not None
    return revise(project, by=by, criterion_risk=_with_risks(project.policy, risks))


def would_end(project: Project, risks: Mapping[str, tuple[float, float]]) -> list[withdrawals.Ending]:
    """The certificates that :func:`set_risks` would end."""
    now = project.policy
    assert now is not None
    after = Policy(alpha=now.alpha, delta=now.delta, criterion_risk=_with_risks(now, risks))
    return withdrawals.would_end(now, after)


def _with_risks(policy: Policy, risks: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    usual = (policy.alpha, policy.delta)
    named = {key: {"alpha": alpha, "delta": delta} for key, (alpha, delta) in risks.items() if (alpha, delta) != usual}
    return {key: risk for key, risk in policy.criterion_risk.items() if key not in risks} | named


def risks(project: Project) -> dict[str, tuple[float, float]]:
    """Alpha and delta of the criteria of the rubric in force, by key."""
    assert project.policy is not None
    return {each.key: project.policy.risk_of(each.key) for each in rubrics.criteria_in_force(project)}


def _check(policy: Policy) -> None:
    try:
        policy.full_clean(exclude=["criterion_risk"])
    except ValidationError as error:
        raise InputError("; ".join(error.messages)) from error
    for key, risk in policy.criterion_risk.items():
        if strange := [name for name, value in risk.items() if not 0 < value < 1]:
            raise InputError(f"{strange[0]} of {key} is {risk[strange[0]]}", expected="a number above 0 and below 1")
