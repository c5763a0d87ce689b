"""What a shell is offered, asked as its script asks."""

from __future__ import annotations

import shutil
import socket
import subprocess

import pytest

from tests.e2e.conftest import Stellatune
from tests.e2e.test_control import playing


def offered(stellatune: Stellatune, *words: str) -> list[str]:
    """For the last word."""
    asking = {"_STELLATUNE_COMPLETE": "bash_complete", "COMP_CWORD": str(len(words))}
    with stellatune.start(**asking, COMP_WORDS=" ".join(("stellatune", *words))) as shell:
        out, err = shell.communicate(timeout=60)
    assert (shell.returncode, err) == (0, "")
    return sorted(line.partition(",")[2] for line in out.splitlines() if line)


@pytest.mark.parametrize(
    ("words", "some"),
    [
        (("st",), ["status", "stop"]),
        (("plugins", "restart", "dsp.g"), ["dsp.gain"]),
        (("play", "x.flac", "--dsp", "gai"), ["gain"]),
        (("play", "x.flac", "--output", "nu"), ["null"]),
        (("config", "get", "dsp.gain.g"), ["dsp.gain.gain_db"]),
        (("config", "set", "log.l"), ["log.level"]),
        (("completion", "f"), ["fish"]),
        (("dsp", "remove", ""), []),
    ],
    ids=lambda value: " ".join(value),
)
def test_names_that_begin_so(stellatune: Stellatune, words: tuple[str, ...], some: list[str]) -> None:
    assert offered(stellatune, *words) == some


def test_the_stages_of_a_host_that_plays(stellatune: Stellatune) -> None:
    with playing(stellatune, "--dsp", "warm=gain"):
        assert offered(stellatune, "dsp", "remove", "w") == ["warm"]
        assert offered(stellatune, "config", "set", "--live", "warm.") == ["warm.gain_db"]


def test_a_host_that_does_not_answer_is_not_waited_for(stellatune: Stellatune) -> None:
    path = stellatune.place / "dead.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        dead.listen()
        assert offered(stellatune, "--socket", str(path), "dsp", "remove", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_that_their_shells_take(stellatune: Stellatune, shell: str) -> None:
    script = stellatune.ok("completion", shell).out
    assert "_STELLATUNE_COMPLETE" in script
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not here")
    checked = subprocess.run([program, "-n"], input=script, text=True, capture_output=True, check=False, timeout=60)
    assert (checked.returncode, checked.stderr) == (0, "")
