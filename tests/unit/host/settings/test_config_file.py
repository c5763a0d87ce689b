"""The file: one writer at a time, old or new and never half, its mode and its links kept."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from host import whole_file
from host.errors import Usage
from host.settings import ConfigFile

OLD = "# mine\n[limits]\nread_ms = 500 # patient\n"
READ_MS = ("limits", "read_ms")
ROOT = Path(__file__).resolve().parents[4]
#: A writer that is gone when all is written and nothing renamed yet.
DIES = """
import os, sys
from pathlib import Path
from host.settings import ConfigFile
Path.replace = lambda *_: os._exit(9)
ConfigFile(Path(sys.argv[1])).put(("limits", "read_ms"), 900)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(OLD)
    return path


def test_it_is_made_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "a/b/config.toml"
    ConfigFile(path).put(READ_MS, 500)
    assert path.read_text() == "[limits]\nread_ms = 500\n"
    assert ConfigFile(path).remove(READ_MS) is True
    assert ConfigFile(path).remove(READ_MS) is False
    assert tomllib.loads(path.read_text()) == {"limits": {}}


def test_mode_and_link_stay(path: Path, tmp_path: Path) -> None:
    path.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(path.name)
    ConfigFile(link).put(READ_MS, 900)
    assert link.is_symlink()
    assert path.read_text() == OLD.replace("500", "900")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_write_that_fails_leaves_the_old(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Usage, match="No space left"):
        ConfigFile(path).put(READ_MS, 900)
    assert path.read_text() == OLD
    assert {each.name for each in path.parent.iterdir()} == {"config.toml", "config.toml.lock"}


def test_a_death_before_the_rename_leaves_the_old(path: Path) -> None:
    """What a killed writer leaves beside the file is overwritten by the next one."""
    done = subprocess.run([sys.executable, "-c", DIES, path], cwd=ROOT, check=False)
    assert done.returncode == 9
    assert path.read_text() == OLD
    assert path.with_name("config.toml.new").read_text() == OLD.replace("500", "900")
    ConfigFile(path).put(READ_MS, 7)
    assert path.read_text() == OLD.replace("500", "7")


def test_writers_side_by_side_lose_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_file, "_LOCK_PATIENCE_S", 60.0)
    names = [f"n{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda name: ConfigFile(path).put(("plugins", "a.b", "t", name), 1), names))
    assert len(done) == len(names)
    assert tomllib.loads(path.read_text())["plugins"]["a.b"]["t"] == dict.fromkeys(names, 1)
    assert path.read_text().startswith(OLD)


def test_a_lock_that_is_never_let_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_file, "_LOCK_PATIENCE_S", 0.0)
    with path.with_name("config.toml.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Usage, match="somebody else is changing it"):
            ConfigFile(path).put(READ_MS, 900)
    assert path.read_text() == OLD


@pytest.mark.parametrize("content", [b"[limits", b"\xff\xfe", b"\x00", b"\xef\xbb\xbf[limits]\n"])
def test_what_is_no_toml_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    file = ConfigFile(path)
    for change in (file.expect_toml, lambda: file.put(READ_MS, 1), lambda: file.remove(READ_MS)):
        with pytest.raises(Usage) as refused:
            change()
        assert str(path) in refused.value.message
        assert (refused.value.exit_code, refused.value.code) == (2, "config_file")
    assert path.read_bytes() == content


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Usage, match="cannot be changed"):
        ConfigFile(tmp_path / "file" / "config.toml").put(READ_MS, 1)
