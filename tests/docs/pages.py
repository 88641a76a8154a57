"""Reads the docs: their code blocks, the command lines in them, the files they tell people to save."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "deploy").rglob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
SAVED = re.compile(r"`([\w.-]+)`[^`\n]*\n+```json\n(.*?)^```", re.DOTALL | re.MULTILINE)
#: what may stand before a command of ours on a line: a prompt, variables, a pipe from elsewhere
BEFORE = re.compile(r"^(?:\$ )?(?:\w+=\S+ )*(?:sudo -\S+ \S+ )?")
OURS = re.compile(r"(?:\S*python\S* )?(?:\S*/)?manage\.py |make (?=[a-z])")


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def command_lines(page: Path, *languages: str) -> list[str]:
    """The lines of shell blocks that begin with ``manage.py`` or ``make``, without what stands around the command."""
    wanted = languages or ("", "sh", "bash", "shell", "console")
    blocks = [body for _, language, body in BLOCK.findall(text(page)) if language in wanted]
    lines = [line.strip() for body in blocks for line in body.replace("\\\n", " ").splitlines()]
    return [found for line in lines for part in re.split(r" (?:\||&&) |; ", line) if (found := _ours(part))]


def named_inline(page: Path) -> list[str]:
    """What stands in backquotes in running text and begins with ``manage.py`` or ``make``."""
    prose = BLOCK.sub("", text(page))
    return [found for name in INLINE.findall(prose) if (found := _ours(name))]


def saved_files(page: Path) -> dict[str, str]:
    """The files that a page tells people to save, by name."""
    return dict(SAVED.findall(text(page)))


def words(line: str) -> list[str]:
    """A command line as its program gets it: no comment, no redirection."""
    found = shlex.split(line, comments=True)
    ends = [place for place, word in enumerate(found) if word in {">", ">>", "<", "&", "2>&1"}]
    return found[: ends[0]] if ends else found


def _ours(part: str) -> str:
    line = re.split(r" {3,}", BEFORE.sub("", part.strip()))[0]  # in a column beside it: what the command does
    match = OURS.match(line)
    return ("make " if match[0].startswith("make") else "manage.py ") + line[match.end() :] if match else ""
