"""manage.py fit_student."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from judge.models import Item, Project, Role
from tests import factories
from tests.llm_judge import teaching

pytestmark = pytest.mark.django_db


@pytest.fixture
def camping() -> Project:
    project = teaching.camp()
    una = factories.make_member(project, "una", Role.ANNOTATOR)
    teaching.label(project, una, Item.objects.filter(project=project))
    return project


@pytest.mark.services
def test_command_makes_a_candidate_and_says_what_comes_next(
    camping: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("fit_student", camping.slug)
    said = capsys.readouterr().out
    assert "relevance: 64 labels in 32 contexts, AUROC " in said
    assert f"judge_items {camping.slug} --candidate 1" in said
    camping.refresh_from_db()
    assert camping.judge is None


@pytest.mark.services
def test_command_promotes_where_it_is_told_to(camping: Project) -> None:
    call_command("fit_student", camping.slug, "--promote")
    camping.refresh_from_db()
    assert camping.judge is not None
    assert camping.judge.kind == "student"


def test_command_says_how_many_labels_are_missing(db: None) -> None:
    project = teaching.camp("Fresh")
    with pytest.raises(CommandError, match="relevance: 0 of 50 labels: 50 more are needed"):
        call_command("fit_student", project.slug)
