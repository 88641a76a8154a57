"""YAML read as nodes that know their line, with every problem collected before any is raised."""

from __future__ import annotations

import yaml

from judge.errors import InputError
from judge.formats.json_text import find_unstorable

LARGEST_FILE = 500_000  # bytes; the demo rubrics are under 30,000
DEEPEST = 12
MOST_PROBLEMS = 20
NULL, BOOL = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool"
TRUE, FALSE = ("true", "yes", "on"), ("false", "no", "off")


class NodeReader:
    """Takes nodes apart for one file and remembers what was wrong with them."""

    def __init__(self, filename: str) -> None:
        self.filename = filename
        self.problems: list[InputError] = []

    def report(self, node: yaml.Node, problem: str, *, expected: str = "") -> None:
        where = f"{self.filename} line {node.start_mark.line + 1}"
        self.problems.append(InputError(problem, where=where, expected=expected))

    def raise_problems(self) -> None:
        """One InputError with all that was found, or nothing."""
        if len(self.problems) == 1:
            raise self.problems[0]
        if self.problems:
            lines = [str(each) for each in self.problems[:MOST_PROBLEMS]]
            if more := len(self.problems) - len(lines):
                lines.append(f"… and {more} more")
            raise InputError("\n".join(lines))

    def fields(self, node: yaml.Node, what: str, allowed: tuple[str, ...], required: tuple[str, ...] = ()) -> Fields:
        """The values of a mapping by key; unknown, doubled and missing keys are reported."""
        found = self.mapping(node, what)
        for key, (key_node, _) in found.items():
            if key not in allowed:
                self.report(key_node, f'"{key}" is not a field of {what}', expected=", ".join(allowed))
        for key in required:
            if key not in found:
                self.report(node, f'{what} has no "{key}"', expected=", ".join(allowed))
        return {key: value for key, (_, value) in found.items() if key in allowed}

    def mapping(self, node: yaml.Node, what: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """Key and value nodes by key; keys without a value are left out."""
        if not isinstance(node, yaml.MappingNode):
            self.report(node, f"{what} is {_describe(node)}", expected="fields with values")
            return {}
        found: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key_node, value in node.value:
            key = self.text(key_node, f"a key of {what}")
            if key in found:
                self.report(key_node, f'"{key}" stands twice in {what}')
            elif key and value.tag != NULL:
                found[key] = (key_node, value)
        return found

    def sequence(self, node: yaml.Node | None, what: str, expected: str) -> list[yaml.Node]:
        if node is None:
            return []
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self.report(node, f"{what} is {_describe(node)}", expected=expected)
        return []

    def text(self, node: yaml.Node | None, what: str) -> str:
        """A scalar as it was written: ``yes`` and ``1`` are labels here, not a truth and a number."""
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self.report(node, f"{what} is {_describe(node)}", expected="text")
            return ""
        value = str(node.value)
        if problem := find_unstorable(value, what):
            self.report(node, problem)
            return ""
        if node.tag != NULL and not value.strip():
            self.report(node, f"{what} is empty", expected="text")
        return "" if node.tag == NULL else value.strip()

    def flag(self, node: yaml.Node | None, what: str) -> bool | None:
        if node is None:
            return None
        value = node.value.lower() if isinstance(node, yaml.ScalarNode) and node.tag == BOOL else ""
        if value not in TRUE + FALSE:
            self.report(node, f"{what} is {_describe(node)}", expected="true or false")
            return None
        return value in TRUE


type Fields = dict[str, yaml.Node]


def compose(text: str | bytes, *, filename: str) -> yaml.Node:
    """The root node of a YAML file; whatever is not one harmless document is an InputError."""
    plain = _decode(text, filename)
    try:
        _refuse_bombs(plain, filename)
        root = yaml.compose(plain, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{filename} line {mark.line + 1}" if mark else filename
        raise InputError(f"not YAML: {error.problem or error.context}", where=where) from None
    except yaml.reader.ReaderError as error:
        raise InputError(f"character {error.position + 1} is not allowed in YAML", where=filename) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"not YAML: {str(error)[:200]}", where=filename) from None
    if root is None:
        raise InputError("the file is empty", where=filename, expected="name and criteria")
    return root


def _decode(text: str | bytes, filename: str) -> str:
    if len(text) > LARGEST_FILE:
        expected = f"at most {LARGEST_FILE:,} bytes"
        raise InputError(f"the file is {len(text):,} bytes long", where=filename, expected=expected)
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        step = "Save the file as UTF-8."
        raise InputError("not UTF-8 text", where=f"{filename} line {line}", next_step=step) from None


def _refuse_bombs(text: str, filename: str) -> None:
    """Aliases can make a small file enormous, and nesting can exhaust the stack; a rubric needs neither."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        where = f"{filename} line {event.start_mark.line + 1}" if event.start_mark else filename
        if isinstance(event, yaml.AliasEvent):
            raise InputError("an alias (*) is not allowed", where=where, expected="the text itself")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise InputError(f"nested deeper than {DEEPEST} levels", where=where)


def _describe(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a set of fields"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "empty" if node.tag == NULL else f'"{str(node.value)[:40]}"'
