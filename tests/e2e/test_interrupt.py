"""SIGINT and SIGTERM in the middle of the work: the right exit code, no process, no half-written output."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.audio import write_endless_wav
from tests.e2e.conftest import Stellatune, wait_until_it_plays


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("chain", [(), ("--dsp", "gain")], ids=["bare", "effect"])
def test_a_render_that_is_interrupted(
    stellatune: Stellatune, tmp_path: Path, number: signal.Signals, code: int, chain: tuple[str, ...]
) -> None:
    source = write_endless_wav(tmp_path / "in.wav")
    out = tmp_path / "out.wav"
    with stellatune.start("render", source, "-o", out, *chain) as process:
        wait_until_it_plays(process)
        assert list(tmp_path.glob(".out.wav.*.part")), "the render writes beside its target"
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
