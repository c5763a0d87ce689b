"""The command's edge: exit codes, errors as a line or as JSON, and a start that imports little."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from host.cli import root
from host.cli.root import COMMANDS, run, stellatune
from host.errors import ConfigRejected, MediaError, NotFound, RequestTimeout, StellaError, WorkerLost
from host.version import VERSION

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """A command that raises what the test puts in."""
    errors: list[BaseException] = []

    def fail(*_: object) -> None:
        raise errors[0]

    monkeypatch.setattr(root.stellatune, "invoke", fail)
    return errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("x"), 4),
        (MediaError("x"), 5),
        (WorkerLost("x"), 7),
        (ConfigRejected("x"), 8),
        (RequestTimeout("x"), 9),
        (StellaError("x"), 1),
        (RuntimeError("x"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_become_exit_codes(failing: list[BaseException], error: BaseException, code: int) -> None:
    failing.append(error)
    assert run(["paths"]) == code


def test_an_error_is_one_line_without_control_characters(
    failing: list[BaseException], capsys: pytest.CaptureFixture[str]
) -> None:
    failing.append(MediaError("bad\x1b[31m\nname", remedy="look"))
    assert run(["paths"]) == 5
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "\x1b" not in captured.err


def test_errors_as_json(failing: list[BaseException], capsys: pytest.CaptureFixture[str]) -> None:
    failing.append(MediaError("x", remedy="y", details={"n": 1}))
    assert run(["--json", "paths"]) == 5
    expected = {"code": "media", "message": "x", "hint": "y", "details": {"n": 1}}
    assert json.loads(capsys.readouterr().err) == {"error": expected}


@pytest.mark.parametrize("arguments", [["nosuch"], ["paths", "--nosuch"], ["--color", "red", "paths"], ["render"], []])
def test_usage(arguments: list[str]) -> None:
    assert run(arguments) == 2


def test_every_command_is_there_and_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out
    for name in COMMANDS:
        assert name in listed
        assert run([name, "--help"]) == 0
    assert list(stellatune.commands) == []


def test_paths_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--json", "paths"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "stellatune.paths/1"


def test_the_version_is_the_projects() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_the_version_is_told_without_importing_the_house() -> None:
    program = (
        "import sys; sys.argv = ['stellatune', '--version']; from host.cli import main; main(); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    version, modules = done.stdout.splitlines()
    assert version == f"stellatune {VERSION}"
    assert not {"click", "asyncio", "rich", "host.app", "host.errors", "msgpack", "numpy"} & set(modules.split())


def test_help_imports_no_engine() -> None:
    program = "import sys; from host.cli.root import run; run(['--help']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert not {"asyncio", "rich", "host.app", "msgpack", "numpy"} & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("command", ["status", "quit", "events", "plugins restart gain", "plugins logs gain"])
def test_asking_a_host_imports_no_engine(command: str, tmp_path: Path) -> None:
    """How long `plugins restart` takes is a promise, too."""
    arguments = ["--socket", str(tmp_path / "none.sock"), *command.split()]
    program = f"import sys; from host.cli.root import run; print(run({arguments!r}), *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    code, *modules = done.stdout.split()
    assert code == "3"
    assert "host.control.client" in modules
    assert not {"asyncio", "rich", "host.app", "host.runtime", "shm_audio", "numpy"} & set(modules)


@pytest.mark.parametrize("command", ["search x", "stats", "albums", "roots", "playlists list"])
def test_asking_the_library_imports_no_engine(command: str, tmp_path: Path) -> None:
    """What scans need, a search does without."""
    environment = {**os.environ, **{f"XDG_{name}_HOME": str(tmp_path) for name in ("CONFIG", "DATA", "STATE", "CACHE")}}
    program = f"import sys; from host.cli.root import run; run({['library', *command.split()]!r}); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60, env=environment,
    )  # fmt: skip
    modules = set(done.stdout.splitlines()[-1].split())
    assert "host.library.database" in modules
    assert not {"asyncio", "watchdog", "host.app", "host.runtime", "host.worker", "shm_audio", "numpy"} & modules
