"""Who may import whom: the storeys of docs/architecture.md."""

from __future__ import annotations

import json
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.architecture.house import APPS, ROOT, imports, modules

PURE = ("judge.rules", "judge.stats", "judge.formats", "annotation.rules", "llm_judge.rules")
WITHOUT_DJANGO = (*PURE, "judge.services", "llm_judge.backends", "llm_judge.offline")
HEAVY = {"numpy", "scipy", "sklearn", "pandas", "pyarrow", "torch", "xllamacpp", "llama_cpp"}
#: The storeys of an app from bottom to top; a module may import its own storey and those below.
STOREYS = ("rules", "stats", "formats", "backends", "services", "models", "actions", "tasks", "views", "urls")


def inside(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def test_there_is_no_import_cycle() -> None:
    graph = {name: {other for other in imports(name) if other in modules() and other != name} for name in modules()}
    for package in [name for name, path in modules().items() if path.name == "__init__.py"]:
        graph[package] = {other for other in graph[package] if inside(other, package)} if graph[package] else set()
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("import cycle: " + " → ".join(error.args[1]))


@pytest.mark.parametrize(("app", "others"), [("annotation", "llm_judge"), ("llm_judge", "annotation")])
def test_siblings_stay_apart(app: str, others: str) -> None:
    assert [name for name in modules() if inside(name, app) and any(inside(x, others) for x in imports(name))] == []


def test_the_court_imports_neither_sibling() -> None:
    roof = {"judge.urls"}  # names them as strings
    guilty = {
        name: x for name in modules() if inside(name, "judge") and name not in roof
        for x in imports(name) if inside(x, "annotation") or inside(x, "llm_judge")
    }  # fmt: skip
    assert guilty == {}


@pytest.mark.parametrize("room", WITHOUT_DJANGO)
def test_pure_rooms_are_free_of_django(room: str) -> None:
    guilty = {name for name in modules() if inside(name, room) and any(inside(x, "django") for x in imports(name))}
    assert guilty == set()


def test_rules_know_no_statistics_and_no_rows() -> None:
    for name in modules():
        if ".rules" in name:
            assert not {x for x in imports(name) if ".stats" in x or ".models" in x or ".actions" in x}, name


@pytest.mark.parametrize("app", APPS)
def test_no_storey_imports_one_above(app: str) -> None:
    guilty = []
    for name in modules():
        parts = name.split(".")
        if parts[0] != app or len(parts) < 2 or parts[1] not in STOREYS:
            continue
        for other in imports(name):
            above = other.split(".")
            is_ours = above[0] == app and len(above) > 1 and above[1] in STOREYS
            if is_ours and STOREYS.index(above[1]) > STOREYS.index(parts[1]):
                guilty.append(f"{name} imports {other}")
    assert guilty == []


def test_heavy_packages_stay_out_of_the_web_process() -> None:
    """Starts the web application in a process of its own, opens a page, and looks at what was loaded."""
    code = (
        "import json, sys\n"
        "from judge.wsgi import application\n"
        "from django.urls import reverse\n"
        "from django.test import RequestFactory\n"
        "reverse('login')\n"
        f"print(json.dumps(sorted(set(sys.modules) & {HEAVY!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_formats_import_tables_only_inside_functions() -> None:
    for name in modules():
        if not inside(name, "judge.stats") and not inside(name, "judge.services"):
            assert not {x.split(".")[0] for x in imports(name, inside_functions=False)} & HEAVY, name
