"""One host per state directory and per socket; what a dead one left is replaced, what is in the way is not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from host.control.lock import HostLock, connect_at, private_directory
from host.errors import Usage


def lock(place: Path, state: str = "state", run: str = "run") -> HostLock:
    return HostLock(place / state, place / run / "c.sock")


def reachable(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        try:
            connect_at(sock, path)
        except OSError:
            return False
        return True


@pytest.mark.parametrize(("state", "run"), [("state", "other"), ("other", "run"), ("state", "run")])
def test_the_second_host_is_refused_by_pid(tmp_path: Path, state: str, run: str) -> None:
    with lock(tmp_path):
        for _ in range(2):
            with pytest.raises(Usage, match=str(os.getpid())) as refused:
                lock(tmp_path, state, run)
            assert refused.value.code == "already_running"
        with lock(tmp_path, "third", "third"):
            pass
    with lock(tmp_path, state, run):
        pass


def test_the_socket_is_there_while_the_host_is(tmp_path: Path) -> None:
    with lock(tmp_path) as held, held.listen(1):
        assert held.path.is_socket()
        assert reachable(held.path)
    assert not held.path.exists()
    held.close()


def test_what_a_dead_host_left_is_replaced(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from host.control.lock import HostLock\n"
        "lock = HostLock(Path(sys.argv[1], 'state'), Path(sys.argv[1], 'run', 'c.sock'))\n"
        "lock.listen(1)\n"
        "os._exit(9)"
    )
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run([sys.executable, "-c", program, tmp_path], cwd=root, check=False, timeout=60)
    assert done.returncode == 9
    path = tmp_path / "run" / "c.sock"
    assert path.is_socket()
    assert not reachable(path)
    with lock(tmp_path) as held, held.listen(1):
        assert reachable(path)


def test_a_file_in_the_way_stays(tmp_path: Path) -> None:
    private = tmp_path / "run"
    private.mkdir(mode=0o700)
    (private / "c.sock").write_text("mine")
    with lock(tmp_path) as held, pytest.raises(FileExistsError, match="in the way"):
        held.listen(1)
    assert (private / "c.sock").read_text() == "mine"


def test_a_path_longer_than_an_address(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    with HostLock(tmp_path / "state", deep / "c.sock") as held, held.listen(1):
        assert reachable(held.path)
        assert held.path.stat().st_mode & 0o777 == 0o600


def test_the_folder_must_be_closed_to_others(tmp_path: Path) -> None:
    open_to_all = tmp_path / "run"
    open_to_all.mkdir(mode=0o755)
    with pytest.raises(Usage, match="closed to others") as refused:
        lock(tmp_path)
    assert "chmod 700" in refused.value.remedy
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(OSError):
        os.close(private_directory(tmp_path / "link"))
