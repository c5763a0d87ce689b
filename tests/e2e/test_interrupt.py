"""Signals in the middle of the work: the right exit code, no process, no half-written output."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.audio import write_endless_wav
from tests.e2e.conftest import ROOT, Stellatune, wait_until_it_plays


@pytest.fixture(autouse=True)
def heard_hangups() -> Iterator[None]:
    """Commands hear SIGHUP also where these tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def unnamed_files(pid: int, folder: Path) -> list[str]:
    """What a process has open in a folder that has no name there."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    return [link for link in links if link.startswith(f"{folder}/") and link.endswith(" (deleted)")]


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)],
)
@pytest.mark.parametrize("chain", [(), ("--dsp", "gain")], ids=["bare", "effect"])
def test_a_render_that_is_interrupted(
    stellatune: Stellatune, tmp_path: Path, number: signal.Signals, code: int, chain: tuple[str, ...]
) -> None:
    source = write_endless_wav(tmp_path / "in.wav")
    out = tmp_path / "out.wav"
    with stellatune.start("render", source, "-o", out, *chain) as process:
        wait_until_it_plays(process)
        assert unnamed_files(process.pid, tmp_path), "the render writes into a file beside its target"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "in.wav"], "which has no name yet"
        process.send_signal(number)
        _, rest = process.communicate(timeout=20)
    assert process.returncode == code, rest
    stellatune.expect_nothing_left()
    assert not out.exists()


def test_the_second_signal_ends_at_once_and_leaves_nothing(stellatune: Stellatune, tmp_path: Path) -> None:
    source = write_endless_wav(tmp_path / "in.wav")
    with stellatune.start("render", source, "-o", tmp_path / "out.wav") as process:
        wait_until_it_plays(process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130
    assert not list(tmp_path.glob("*.part"))


def test_a_killed_render_leaves_no_file(stellatune: Stellatune, tmp_path: Path) -> None:
    source = write_endless_wav(tmp_path / "in.wav")
    with stellatune.start("render", source, "-o", tmp_path / "out.wav") as process:
        wait_until_it_plays(process)
        process.kill()
        process.communicate(timeout=20)  # ends when no worker holds stderr any more
    assert process.returncode == -signal.SIGKILL
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "in.wav"]


def test_under_nohup_a_hangup_changes_nothing(stellatune: Stellatune, tmp_path: Path) -> None:
    source = write_endless_wav(tmp_path / "in.wav")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what a child inherits
    try:
        process = stellatune.start("render", source, "-o", tmp_path / "out.wav")
    finally:
        signal.signal(signal.SIGHUP, before)
    with process:
        wait_until_it_plays(process)
        process.send_signal(signal.SIGHUP)
        wait_until_it_plays(process)  # five seconds later it still does
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert process.returncode == 143


#: Signals itself when the first heavy import begins.
EARLY = """
import os, sys

class Strike:
    def find_spec(self, name, path=None, target=None):
        if name == "host.cli.root":
            os.kill(os.getpid(), {number})

sys.meta_path.insert(0, Strike())
sys.argv = ["stellatune", "paths"]
from host.cli import main
sys.exit(main())
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_while_the_command_is_being_imported(number: signal.Signals, code: int) -> None:
    program = EARLY.format(number=int(number))
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


BLOCKED = """
import asyncio, sys, time
from host.cli.interrupts import run_interruptible

async def work(interrupts):
    interrupts.end_in_time(lambda: None)
    print("at work", flush=True)
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        time.sleep(600)

sys.exit(run_interruptible(work))
"""


def test_a_loop_that_stands_still_does_not_hold_up_the_end() -> None:
    with subprocess.Popen([sys.executable, "-c", BLOCKED], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGTERM)
        try:
            code: int | None = process.wait(30)
        except subprocess.TimeoutExpired:
            code = None
            process.kill()
    assert code == 143
