"""The repo says nothing that is not the product's, and its docs name nothing that is gone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.house import ROOT, modules

PAGES = [*sorted(ROOT.glob("README*.md")), ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: `judge/rules/routing.py`, `judge.actions.judgments`, `manage.py demo`, `make bench`
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout: the list of files is unknown")
    return done.stdout.splitlines()


def test_no_machine_path_or_registry_address_is_committed() -> None:
    needles = re.compile(r"/root/|/home/\w+/|index-url|find-links|https?://[\w.-]*(pypi|pythonhosted|npmjs)\.")
    allowed = {"Makefile", "tests/architecture/test_words.py"}
    guilty = []
    for name in tracked():
        path = ROOT / name
        if name in allowed or path.suffix in {".png", ".mo", ".ico", ".woff2"} or not path.is_file():
            continue
        if needles.search(path.read_text(errors="ignore")):
            guilty.append(name)
    assert guilty == []


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_docs_name_nothing_that_is_gone(page: Path) -> None:
    dead = [name for name in CODE.findall(page.read_text()) if not is_alive(name)]
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = [link for link in LINK.findall(page.read_text()) if not link.startswith(("http", "#"))]
    assert [link for link in targets if not (page.parent / link.split("#")[0]).exists()] == []


def is_alive(name: str) -> bool:
    """Whether a name in backquotes that looks like a path, module, command or target still exists."""
    if match := re.match(r"(?:\.venv/bin/python )?(?:\./)?manage\.py (\w+)", name):
        return bool(list(ROOT.glob(f"*/management/commands/{match[1]}.py"))) or match[1] in {
            "check", "createsuperuser", "migrate", "collectstatic", "runserver", "shell", "makemigrations",
        }  # fmt: skip
    if match := re.fullmatch(r"make ([a-z-]+)(?: \w+=\S+)*", name):
        return f"\n{match[1]}:" in (ROOT / "Makefile").read_text()
    if re.fullmatch(r"(judge|annotation|llm_judge)(\.\w+)+", name):
        head = name.rsplit(".", 1)[0]
        return name in modules() or (
            head in modules() and re.search(rf"\b{name.rsplit('.', 1)[1]}\b", modules()[head].read_text()) is not None
        )
    if re.fullmatch(r"(judge|annotation|llm_judge|templates|static|tests|docs|scripts)/[\w./-]+", name):
        return (ROOT / name).exists()
    return True
