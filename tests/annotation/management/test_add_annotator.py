"""``manage.py add_annotator``: an account and a role in one line."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from judge.models import Membership, Project, User


def run(*words: str) -> str:
    out = io.StringIO()
    call_command("add_annotator", *words, stdout=out)
    return out.getvalue()


def test_a_new_person_gets_an_account_a_role_and_a_password_told_once(project: Project) -> None:
    told = run(project.slug, "mia")
    mia = User.objects.get(username="mia")
    assert mia.check_password(told.split("only now: ")[1].split()[0])
    assert list(Membership.objects.filter(user=mia).values_list("role", flat=True)) == ["annotator"]


def test_the_password_may_come_from_standard_input(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("long-enough-for-anyone\n"))
    assert "password" not in run(project.slug, "mia", "--password-stdin", "--role", "adjudicator", "--role", "lead")
    mia = User.objects.get(username="mia")
    assert mia.check_password("long-enough-for-anyone")
    assert set(Membership.objects.filter(user=mia).values_list("role", flat=True)) == {"adjudicator", "lead"}


def test_somebody_who_has_an_account_keeps_their_password(project: Project, lea: User) -> None:
    before = lea.password
    run(project.slug, "lea")
    run(project.slug, "lea")
    lea.refresh_from_db()
    assert lea.password == before
    assert Membership.objects.filter(user=lea, role="annotator").count() == 1


@pytest.mark.parametrize(("name", "password", "told"), [("mia", "short", "too short"), ("a b", "x" * 12, "username")])
def test_a_bad_name_or_password_is_refused_in_words(
    project: Project, monkeypatch: pytest.MonkeyPatch, name: str, password: str, told: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(password))
    with pytest.raises(CommandError, match=told):
        run(project.slug, name, "--password-stdin")
    assert not User.objects.filter(username=name).exists()


def test_an_unknown_project_is_named(project: Project) -> None:
    with pytest.raises(CommandError, match=rf"expected: {project.slug}"):
        run("nowhere", "mia")
