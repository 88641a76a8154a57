from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from judge.errors import ServiceError
from judge.services import state

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs its servers as somebody else")


def test_state_folder_is_the_one_that_the_variable_names(home: Path) -> None:
    assert state.folder() == Path(os.environ["COJUDGE_STATE"])


def test_state_folder_is_no_other_user_s_to_list(home: Path) -> None:
    assert home.stat().st_mode & 0o066 == 0


def test_sockets_are_open_to_the_servers_user_alone(home: Path) -> None:
    account = state.server_account()
    found = state.socket_folder(home).stat()
    assert found.st_mode & 0o077 == 0
    assert found.st_uid == (account.uid if account else os.geteuid())


def test_socket_path_fits_the_kernel_however_deep_the_state_lies(home: Path) -> None:
    deep = home / ("deep" * 30)
    deep.mkdir()
    place = state.socket_folder(deep)
    assert len(os.fsencode(place / state.LONGEST_SOCKET_NAME)) <= state.SOCKET_PATH_BYTES
    assert place == state.socket_folder(deep)
    place.rmdir()


def test_symbolic_link_in_place_of_the_state_folder_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "link").symlink_to(home)
    monkeypatch.setenv("COJUDGE_STATE", str(home / "link"))
    with pytest.raises(ServiceError, match="COJUDGE_STATE"):
        state.folder()


@as_root
def test_folder_that_a_stranger_made_first_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = home / "theirs"
    theirs.mkdir()
    os.chown(theirs, 12345, 12345)
    monkeypatch.setenv("COJUDGE_STATE", str(theirs))
    with pytest.raises(ServiceError, match="belongs to user 12345"):
        state.folder()


@as_root
def test_folder_that_the_servers_cannot_reach_is_refused_and_its_parent_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory() as closed:
        monkeypatch.setenv("COJUDGE_STATE", f"{closed}/state")
        with pytest.raises(ServiceError, match="cannot enter"):
            state.folder()
        assert Path(closed).stat().st_mode & 0o077 == 0
