"""Reads the code as text: modules, their imports, their functions. Nothing is run."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPS = ("judge", "annotation", "llm_judge")


@cache
def modules() -> dict[str, Path]:
    """Dotted name → file, of all product code but migrations."""
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    return {_dotted(path): path for path in files}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def imports(name: str, *, inside_functions: bool = True) -> set[str]:
    """Dotted names that a module imports; names imported from a package count as its modules where they are some."""
    found: set[str] = set()
    for node in _import_nodes(tree(modules()[name]), inside_functions):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif node.module:
            found |= {
                full if (full := f"{node.module}.{alias.name}") in modules() else node.module for alias in node.names
            }
    return found


def _import_nodes(top: ast.AST, inside_functions: bool) -> list[ast.Import | ast.ImportFrom]:
    nodes: list[ast.Import | ast.ImportFrom] = []
    for child in ast.iter_child_nodes(top):
        if isinstance(child, ast.Import | ast.ImportFrom):
            nodes.append(child)
        elif _is_for_types_only(child) or (
            isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and not inside_functions
        ):
            continue
        else:
            nodes += _import_nodes(child, inside_functions)
    return nodes


def _is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def functions(path: Path) -> list[tuple[str, int]]:
    """(name, number of lines) of every function of a file."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [
        (node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(tree(path))
        if isinstance(node, kinds)
    ]


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
