"""What host and workers import while they play, told by the interpreters themselves: every attempt is in their logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.audio import noise, write_wav
from tests.e2e.conftest import ROOT, Stellatune
from tests.e2e.devices import file_device, needs_portaudio

#: Python runs this at every start; the hook hears of every import from then on.
SPY = """
import os, sys

def hear(event, args):
    if event == "import":
        with open(os.path.join({folder!r}, str(os.getpid())), "a") as log:
            log.write(args[0] + "\\n")

sys.addaudithook(hear)
"""
NOT_IN_ANY = {"multiprocessing"}
NOT_IN_A_WORKER = {"numpy", "cffi", "asyncio", "host", "click", "psutil", "rich"}
NOT_IN_A_C_WORKER = NOT_IN_A_WORKER | {"sounddevice", "tomllib"}


@pytest.fixture
def imports(tmp_path: Path) -> Path:
    """A folder with one list of packages per process."""
    spies, logs = tmp_path / "spies", tmp_path / "logs"
    for folder in (spies, logs):
        folder.mkdir()
    (spies / "sitecustomize.py").write_text(SPY.format(folder=str(logs)))
    return logs


def packages(log: Path) -> set[str]:
    """The top names of what one process imported."""
    return {line.partition(".")[0] for line in log.read_text().splitlines()}


@needs_portaudio
def test_workers_import_only_what_they_need(stellatune: Stellatune, tmp_path: Path, imports: Path) -> None:
    source = write_wav(tmp_path / "in.wav", noise(44_100))
    device = file_device(tmp_path)
    output = ("--output", f"system:{device.name}")
    spied = {"PYTHONPATH": f"{imports.with_name('spies')}:{ROOT}"}
    stellatune.ok("play", source, "--dsp", "gain", *output, **device.environment, **spied)
    found = [packages(log) for log in imports.iterdir()]
    assert not [names & NOT_IN_ANY for names in found if names & NOT_IN_ANY]
    (host,) = [names for names in found if "host" in names]
    assert "asyncio" in host, "the spy hears nothing"
    workers = [names for names in found if names is not host]
    assert any("plugin_worker" in names for names in workers)
    assert sum("sounddevice" in names for names in workers) == 1, "one of them plays through PortAudio"
    assert not [names & NOT_IN_A_WORKER for names in workers if names & NOT_IN_A_WORKER]
    in_c = [names for names in workers if "sounddevice" not in names]
    assert in_c
    assert not [names & NOT_IN_A_C_WORKER for names in in_c if names & NOT_IN_A_C_WORKER]


@pytest.mark.parametrize(
    ("arguments", "edits"),
    [
        (("config", "show"), False),
        (("plugins", "list"), False),
        (("config", "set", "gain.gain_db", "-3"), True),
    ],
)
def test_the_editor_of_toml_comes_only_to_edit(
    stellatune: Stellatune, imports: Path, arguments: tuple[str, ...], edits: bool
) -> None:
    stellatune.ok(*arguments, PYTHONPATH=f"{imports.with_name('spies')}:{ROOT}")
    (found,) = [packages(log) for log in imports.iterdir()]
    assert "tomllib" in found
    assert ("tomlkit" in found) is edits


def test_the_version_needs_next_to_nothing(stellatune: Stellatune, imports: Path) -> None:
    stellatune.ok("--version", PYTHONPATH=f"{imports.with_name('spies')}:{ROOT}")
    (found,) = [packages(log) for log in imports.iterdir()]
    assert "host" in found
    assert not found & {"tomlkit", "tomllib", "click", "asyncio"}
