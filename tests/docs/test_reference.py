"""docs/reference.md is what the code says, and the variables that it lists are explained."""

from __future__ import annotations

import pytest

from judge import reference
from tests.docs import pages


def test_reference_is_up_to_date() -> None:
    page = pages.text(pages.ROOT / "docs" / "reference.md")

    assert page == reference.page(), "run manage.py write_reference"


def test_every_variable_is_explained_on_some_page() -> None:
    told = " ".join(pages.text(page) for page in pages.PAGES if page.name not in {"reference.md", "CHANGELOG.md"})

    assert [name for name, _, _ in reference.variables() if name not in told] == []


@pytest.mark.parametrize("name", ["DATABASE_URL", "JUDGE_VLLM_PYTHON", "COJUDGE_PG_BIN", "COJUDGE_LOCK_AFTER"])
def test_variables_are_found_however_they_are_read(name: str) -> None:
    assert f"`{name}`" in [found for found, _, _ in reference.variables()]


@pytest.mark.parametrize("name", ["judge_items", "add_annotator", "create_project"])
def test_commands_of_every_app_are_told(name: str) -> None:
    assert name in reference.commands()
