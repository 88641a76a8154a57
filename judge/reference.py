"""Commands, variables and rules of a policy, read from the code: docs/reference.md, see write_reference."""

from __future__ import annotations

import ast
import re
from argparse import Action
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand
from django.db.models import NOT_PROVIDED, Field

from judge.models import Policy

APPS = ("judge", "annotation", "llm_judge")
#: Calls whose first argument names a variable of the environment.
READERS = {"ENVIRON.get", "os.environ.get", "is_on"}
NAME = re.compile(r"(?:COJUDGE|JUDGE|EMBEDDINGS)_[A-Z_]+[A-Z]|DATABASE_URL|BROKER_URL")
#: What parts of the product tell each other: no business of whoever runs it.
OWN = {"COJUDGE_INSTANCE", "COJUDGE_IDLE_SECONDS"}
#: Defaults that stand in the code to be put in place of.
REPLACED = {"DATABASE_URL"}
#: Rules of a policy whose fields say nothing.
MEANT = {
    "train_rate": "share of items drawn to teach calibrators and students",
    "certify_rate": "share of items drawn to test judges",
    "gold_rate": "share of items whose cases an adjudicator decides",
    "lease_minutes": "how long an item is one person's",
}

HEAD = """\
# Reference

Written by `manage.py write_reference` from the code; a test holds it up to date. Do not edit it. How things are done
stands in [how to](how-to.md), what the words mean in the [glossary](glossary.md), who may open which address in
[roles](roles.md), the operations of the API in [api](api.md).
"""


def page() -> str:
    """The whole of docs/reference.md."""
    parts = [
        HEAD,
        "## Targets of make\n",
        *_table(("target", "what it does"), ((f"`make {name}`", told) for name, told in targets())),
        "\n## Commands\n\nAll behind `.venv/bin/python manage.py`; `--help` tells the same. Django's own, such as",
        "`manage.py migrate` and `manage.py createsuperuser`, are there too.\n",
        *(line for name in commands() for line in _command(name)),
        "## Variables of the environment\n\nWithout a default: empty. What they mean: [running it](operations.md), "
        "[judges](judges.md), [vLLM](vllm.md).\n",
        *_table(("variable", "default", "where"), variables()),
        "\n## A project's policy\n",
        "Each change is a new version of the policy. Rates without a default go by the size of",
        "a frame ([streams](statistics.md)).\n",
        *_table(("rule", "default", "meaning"), map(_rule, _rules())),
    ]
    return "\n".join(parts) + "\n"


def targets() -> list[tuple[str, str]]:
    """The targets of the Makefile that `make help` lists."""
    text = (settings.BASE_DIR / "Makefile").read_text(encoding="utf-8")
    return re.findall(r"^([a-z-]+):.*?## +(.+)$", text, re.MULTILINE)


def commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app in APPS)


def variables() -> list[tuple[str, str, str]]:
    """Name, default and the files that name it, of each variable of the environment."""
    defaults: dict[str, str] = {}
    places: dict[str, list[str]] = {}
    for path in _sources():
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        defaults |= dict(filter(None, map(_default, nodes)))
        named = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        for name in filter(NAME.fullmatch, named - OWN):
            places.setdefault(name, []).append(f"`{path.relative_to(settings.BASE_DIR)}`")
    return [
        (f"`{name}`", f"`{defaults[name]}`" if name in defaults else "", ", ".join(places[name]))
        for name in sorted(places)
    ]


def _sources() -> list[Path]:
    files = [path for app in APPS for path in (settings.BASE_DIR / app).rglob("*.py")]
    return sorted(path for path in files if "migrations" not in path.parts and path != Path(__file__))


def _default(node: ast.AST) -> tuple[str, str] | None:
    """(name, default) where a node reads a variable and says what holds without it."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func) not in READERS:
        return None
    words = [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
    return (words[0], words[1]) if len(words) > 1 and words[1] and words[0] not in REPLACED else None


def _command(name: str) -> Iterator[str]:
    app = get_commands()[name]
    made = app if isinstance(app, BaseCommand) else load_command_class(app, name)
    parser, bare = made.create_parser("manage.py", name), BaseCommand().create_parser("manage.py", name)
    common = {word for action in bare._actions for word in action.option_strings}
    own = [action for action in parser._actions if common.isdisjoint(action.option_strings)]
    given = " ".join(_shown(action) for action in own if not action.option_strings)
    yield f"### {name}\n\n{made.help}\n\n`manage.py {name}{' ' * bool(given)}{given}`\n"
    if own:
        yield from _table(("argument", "meaning"), ((f"`{_shown(each)}`", _meaning(each)) for each in own))
        yield ""


def _shown(action: Action) -> str:
    """An argument as it is typed: ``PROJECT``, ``[FILE …]``, ``--looks N …``."""
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    more = " …" * (action.nargs in {"+", "*"})
    if not action.option_strings:
        return f"[{metavar}{more}]" if action.nargs in {"?", "*"} else metavar + more
    return action.option_strings[0] + (f" {metavar}{more}" if action.nargs != 0 else "")


def _meaning(action: Action) -> str:
    told = (action.help or "").replace("%%", "%")
    if action.choices and not all(str(each) in told for each in action.choices):
        told += f" ({', '.join(map(str, action.choices))})"
    return told + (" (must be given)" if action.required and action.option_strings else "")


def _rules() -> list[Field]:  # type: ignore[type-arg]
    return [each for each in Policy._meta.fields if each.name not in {"id", "project", "version", "created_at"}]


def _rule(field: Field) -> tuple[str, str, str]:  # type: ignore[type-arg]
    default = "" if field.default in {NOT_PROVIDED, dict} else f"`{field.default}`"
    return f"`{field.name}`", default, str(field.help_text) or MEANT.get(field.name, "")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(each.replace('|', chr(92) + '|') for each in row)} |"
