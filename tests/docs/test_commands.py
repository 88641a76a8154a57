"""Every command, option and target that the docs name is there, and its own parser takes every line of theirs."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import CommandError, get_commands, load_command_class
from django.core.management.base import BaseCommand, CommandParser

from tests.docs import pages

#: what stands for a value of the reader's, where the command wants a number or a day
PLACEHOLDERS = {"SNAPSHOT": "1", "ID": "1", "N": "1", "VERSION": "1", "YYYY-MM-DD": "2026-01-31", "…": ""}
LINES = [(page, line) for page in pages.PAGES for line in pages.command_lines(page)]
NAMED = [(page, line) for page in pages.PAGES for line in pages.named_inline(page)]


def where(entry: tuple[Path, str]) -> str:
    return f"{entry[0].relative_to(pages.ROOT)}: {entry[1]}"


def command(name: str) -> BaseCommand:
    """The command of this name. Raises KeyError where there is none."""
    app = get_commands()[name]
    return app if isinstance(app, BaseCommand) else load_command_class(app, name)


def parser(name: str) -> CommandParser:
    made = command(name).create_parser("manage.py", name)
    made.called_from_command_line = False  # a mistake is an exception
    return made


def complaint(line: str) -> str:
    """What is wrong with a whole command line; nothing where its program would take it."""
    program, name, *rest = [word for word in (PLACEHOLDERS.get(each, each) for each in pages.words(line)) if word]
    if program == "make":
        return _about_targets([name, *rest])
    try:
        parser(name).parse_args(rest)
    except KeyError:
        return "no such command"
    except CommandError as error:
        return str(error)
    return ""


def complaint_in_prose(line: str) -> str:
    """As :func:`complaint`, of a line that may leave out what must be given."""
    program, *rest = re.findall(r"[^\s\[\]|=]+", line)
    if program == "make":
        return _about_targets(rest[:1])
    try:
        known = parser(rest[0])._option_string_actions
    except KeyError:
        return "no such command"
    gone = [word for word in rest[1:] if word.startswith("--") and word not in known]
    return f"no such option: {', '.join(gone)}" if gone else ""


def _about_targets(found: list[str]) -> str:
    targets = [word for word in found if "=" not in word]
    return "; ".join(f"no such target: {each}" for each in targets if f"\n{each}:" not in makefile())


def makefile() -> str:
    return (pages.ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_command_line_of_the_docs_is_one_that_its_program_takes() -> None:
    assert len(LINES) >= 30, "the pages have command lines"
    assert {where(entry): said for entry in LINES if (said := complaint(entry[1]))} == {}


def test_every_command_and_option_named_in_prose_is_there() -> None:
    assert len(NAMED) >= 60
    assert {where(entry): said for entry in NAMED if (said := complaint_in_prose(entry[1]))} == {}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("manage.py create_projekt X --task tag", "no such command"),
        ("manage.py create_project X --tsak tag", "required"),
        ("manage.py export_labels PROJECT --output out --since yesterday", "invalid int value"),
        ("manage.py export_labels PROJECT --output out --sicne 1", "unrecognized arguments"),
        ("make dmeo", "no such target"),
    ],
)
def test_a_wrong_line_would_be_found(line: str, told: str) -> None:
    assert told in complaint(line)


def test_a_wrong_option_in_prose_would_be_found() -> None:
    assert complaint_in_prose("manage.py certify --alhpa") == "no such option: --alhpa"
    assert complaint_in_prose("manage.py certify --alpha .1") == ""


@pytest.mark.parametrize("target", ["demo", "serve", "stop"])
def test_a_target_that_readers_type_runs_what_is_there(target: str) -> None:
    """Without running it: the recipe, as make would print it."""
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # not make in make
    done = subprocess.run(
        ["make", "-n", target], cwd=pages.ROOT, env=alone, stdout=subprocess.PIPE, text=True, check=True
    )
    recipe = done.stdout.splitlines()[-1]
    if match := re.search(r"manage\.py (.+)", recipe):
        assert complaint(f"manage.py {match[1]}") == ""
    else:
        assert (pages.ROOT / re.sub(r"\.", "/", recipe.split(" -m ")[1].split()[0])).with_suffix(".py").exists()


def test_every_option_of_our_commands_says_what_it_does() -> None:
    ours = sorted(name for name, app in get_commands().items() if app in {"judge", "annotation", "llm_judge"})
    options = [(name, action) for name in ours for action in parser(name)._actions if action.option_strings]
    assert [f"{name} {action.option_strings[0]}" for name, action in options if not action.help] == []
