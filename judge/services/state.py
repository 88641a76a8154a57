"""The one ignored folder in which our embedded servers live, and the user they run as.

Everything here works for an ordinary user and for root. PostgreSQL refuses to run as root, so root's servers
run as a lesser user, who may be unable to enter the folders above the checkout: then the state lives elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from judge.errors import ServiceError

CHECKOUT = Path(__file__).resolve().parents[2]
SOCKET_PATH_BYTES = 107  # what the kernel leaves of sun_path after its closing zero
LONGEST_SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True)
class Account:
    """A user that servers run as, when we are root."""

    name: str
    uid: int
    gid: int


def folder() -> Path:
    """The state folder, made if missing: COJUDGE_STATE, else `.state`, else (root) one under /var/tmp."""
    path = _chosen_path()
    account = server_account()
    make_passable(path)
    _check_ours(path, os.geteuid())
    if account is not None:
        _check_reachable(path, account)
    return path


def make_passable(path: Path) -> Path:
    """Make the folder of ours at `path` if it is missing: the servers' user passes through, others cannot list it."""
    try:
        path.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        return path  # as it is: somebody may have named /tmp itself
    if server_account() is not None:
        path.chmod(0o711)
    return path


def _chosen_path() -> Path:
    if chosen := os.environ.get("COJUDGE_STATE"):
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/tmp") / f"cojudge-{_short_hash(CHECKOUT)}"  # noqa: S108 - ownership is checked
    return CHECKOUT / ".state"


@cache
def server_account() -> Account | None:
    """The user that servers run as: none for an ordinary user, `postgres` or else `nobody` for root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise ServiceError(
        "PostgreSQL refuses to run as root, and this machine has neither a user postgres nor a user nobody. "
        "Run the command as an ordinary user, or set DATABASE_URL to a server of your own."
    )


def make_private(path: Path) -> Path:
    """The folder `path`, which only the servers' user (and root) may enter; refused if it is somebody else's."""
    account = server_account()
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        if account is not None:
            os.chown(path, account.uid, account.gid)
    _check_ours(path, os.geteuid() if account is None else account.uid)
    path.chmod(0o700)
    return path


def socket_folder(home: Path) -> Path:
    """A private folder for the Unix sockets of `home`; elsewhere and short when `home` lies too deep for a socket."""
    return make_private(_socket_path(home))


def remove(home: Path) -> None:
    """Remove a home and its sockets, wherever they are."""
    shutil.rmtree(_socket_path(home), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _socket_path(home: Path) -> Path:
    inside = home / "sockets"
    if len(os.fsencode(inside / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_BYTES:
        return inside
    return Path("/tmp") / f"cojudge-{_short_hash(home)}"  # noqa: S108 - ownership is checked


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _check_ours(path: Path, uid: int) -> None:
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
        raise ServiceError(
            f"{path} should be a folder of user {uid}, but is something else or belongs to user {found.st_uid}. "
            "Move it away, or set COJUDGE_STATE to another folder."
        )


def _check_reachable(path: Path, account: Account) -> None:
    asked = subprocess.run(
        ["/usr/bin/env", "test", "-x", str(path)], user=account.uid, group=account.gid, extra_groups=[], cwd="/"
    )
    if asked.returncode:
        raise ServiceError(
            f"The servers run as user {account.name}, who cannot enter {path} (a folder above it is closed). "
            "Set COJUDGE_STATE to a folder that this user can reach, for instance under /var/tmp."
        )
