"""When a file or a function grows past these, the design is telling us something."""

from __future__ import annotations

import re
from statistics import median

from tests.architecture.house import APPS, ROOT, functions, modules

LONGEST_FILE, LONGEST_FUNCTION = 300, 50


def test_no_file_is_longer_than_300_lines() -> None:
    files = [*modules().values(), *(ROOT / "tests").rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_longer_than_50_lines() -> None:
    long = {f"{name}.{function}": lines for name, path in modules().items() for function, lines in functions(path)}
    assert {name: lines for name, lines in long.items() if lines > LONGEST_FUNCTION} == {}


def test_functions_are_small_as_a_habit() -> None:
    lengths = [lines for path in modules().values() for _, lines in functions(path)]
    assert median(lengths) <= 10
    assert sum(lines <= 25 for lines in lengths) / len(lengths) >= 0.9


def test_migrations_are_named() -> None:
    files = [path.stem for app in APPS for path in (ROOT / app / "migrations").glob("[0-9]*.py")]
    assert files
    assert [name for name in files if re.search(r"_auto_|_\d{8}_|^\d{4}$", name)] == []


def test_tests_have_no_skip_without_a_reason() -> None:
    bare = re.compile(r"pytest\.(skip|importorskip|xfail)\(\s*\)|@pytest\.mark\.(skip|xfail)\b(?!.*reason)")
    guilty = [
        str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")
        if path.name != "test_sizes.py" and bare.search(path.read_text())
    ]  # fmt: skip
    assert guilty == []
