"""The servers' programs from their wheels, at a place where the servers' user can run them."""

from __future__ import annotations

import importlib.util
import os
import shutil
from importlib.metadata import version
from pathlib import Path

from judge.errors import ServiceError
from judge.services import state


def package_folder(package: str) -> Path:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ServiceError(f"The package {package} is not installed. Run: make setup")
    return Path(spec.submodule_search_locations[0])


def find_programs(distribution: str, parts: tuple[str, ...]) -> Path:
    """A folder that holds `parts` of the installed packages side by side, to be run by the servers' user.

    For an ordinary user it is the place where the wheels are installed. Root's servers run as somebody who may be
    unable to enter that place, so root gets a copy in the state folder, made once for each version.
    """
    source = package_folder(parts[0].split("/")[0]).parent
    if state.server_account() is None:
        return source
    target = state.folder() / "programs" / f"{distribution}-{version(distribution)}"
    if not target.exists():
        _copy(source, target, parts)
    return target


def _copy(source: Path, target: Path, parts: tuple[str, ...]) -> None:
    target.parent.mkdir(exist_ok=True)
    target.parent.chmod(0o755)
    fresh = target.with_name(f"{target.name}.new-{os.getpid()}")
    for part in parts:
        if (source / part).exists():
            shutil.copytree(source / part, fresh / part, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in [fresh, *fresh.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    try:
        fresh.rename(target)
    except OSError:  # another process made the same copy first
        shutil.rmtree(fresh)
