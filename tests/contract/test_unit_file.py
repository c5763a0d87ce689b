"""The systemd unit: it says what the program does, and systemd takes it where there is one."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from host.cli.interrupts import LAST_S
from host.cli.root import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "share/systemd/user/stellatune.service"


def service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their letters
    unit.read_string(UNIT.read_text())
    return unit["Service"]


def test_it_says_what_the_program_does() -> None:
    found = service()
    program, command = found["ExecStart"].split()
    assert (program, command in COMMANDS) == ("stellatune", True)
    assert (found["Type"], found["NotifyAccess"]) == ("notify", "main")
    assert found["ExecReload"] == "kill -HUP $MAINPID"
    assert found["SuccessExitStatus"] == "143", "the exit code of an end by SIGTERM"
    assert float(found["TimeoutStopSec"]) > LAST_S


def test_it_is_installed_with_the_package() -> None:
    files = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["data-files"]
    assert files == {"share/systemd/user": [str(UNIT.relative_to(ROOT))]}


def test_systemd_takes_it(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not here")
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("ExecStart=stellatune", f"ExecStart={shutil.which('true')}"))
    said = subprocess.run([verify, "--user", "verify", copy], capture_output=True, text=True, check=False, timeout=60)
    complaints = [line for line in (said.stdout + said.stderr).splitlines() if UNIT.name in line]
    assert complaints == []
