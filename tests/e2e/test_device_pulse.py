"""Through PortAudio and ALSA's pulse plugin into a real PulseAudio: its sink plays every decoded frame."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from host.settings import LostOutput, OutputSettings
from tests.e2e.audio import Samples, as_float, noise, write_endless_wav, write_wav
from tests.e2e.conftest import Stellatune, wait_until_it_plays
from tests.e2e.devices import PulseServer, needs_portaudio, needs_pulse
from tests.support.patient import PATIENT

pytestmark = [needs_portaudio, needs_pulse, pytest.mark.paced]

#: Silence at the beginning of a file; a server mixes a new stream in where its sink stands, a little late.
LEAD_FRAMES = 14_400
PROBE_FRAMES = 64


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PulseServer]:
    """A server of this test alone."""
    (tmp_path / "pulse").mkdir()
    running = PulseServer(tmp_path / "pulse")
    try:
        running.start()
        yield running
    finally:
        running.stop()


def position_of(part: Samples, whole: Samples) -> int:
    """The frame at which one begins in the other."""
    at = whole.tobytes().find(part[:PROBE_FRAMES].tobytes())
    assert at >= 0, "nothing of it was heard"
    assert at % part[0].nbytes == 0
    return at // int(part[0].nbytes)


@pytest.mark.parametrize(
    ("frames", "chain", "factor"),
    [(96_001, (), 1.0), (300, (), 1.0), (96_001, ("--dsp", "gain", "--volume", "50"), 0.5)],
    ids=["long", "short", "effect and volume"],
)
def test_the_sink_plays_every_frame_to_the_last(
    stellatune: Stellatune, tmp_path: Path, server: PulseServer, frames: int, chain: tuple[str, ...], factor: float
) -> None:
    samples = noise(LEAD_FRAMES + frames)
    samples[:LEAD_FRAMES] = 0
    samples[LEAD_FRAMES:][samples[LEAD_FRAMES:] == 0] = 1
    source = write_wav(tmp_path / "in.wav", samples, PulseServer.RATE_HZ)
    recorded = tmp_path / "recorded.raw"
    with server.recording(recorded):
        stellatune.ok("play", source, "--output", f"system:{PulseServer.DEVICE}", *chain, **server.environment)
    data = recorded.read_bytes()
    frame_bytes = PulseServer.CHANNELS * 4
    heard = np.frombuffer(data[: len(data) // frame_bytes * frame_bytes], "<f4").reshape(-1, PulseServer.CHANNELS)
    sent = as_float(samples[LEAD_FRAMES:]) * np.float32(factor)
    at = position_of(sent, heard)
    assert np.array_equal(heard[at : at + frames], sent)
    assert not heard[:at].any()
    assert not heard[at + frames :].any()


def test_a_server_that_dies_is_told_and_ends_the_playback_if_so_wished(
    stellatune: Stellatune, tmp_path: Path, server: PulseServer
) -> None:
    stellatune.output = OutputSettings(lost=LostOutput.STOP)
    source = write_endless_wav(tmp_path / "in.wav")
    with stellatune.start("play", source, "--output", "system:pulse", **server.environment) as process:
        wait_until_it_plays(process)
        server.signal(signal.SIGKILL)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 5, err
    (error,) = [line for line in err.splitlines() if line.startswith("stellatune: error:")]
    assert "sound device 'ALSA/pulse' is gone" in error
    stellatune.expect_nothing_left()


def test_a_server_that_hangs_cannot_keep_the_player(
    stellatune: Stellatune, tmp_path: Path, server: PulseServer
) -> None:
    stellatune.limits = replace(PATIENT, first_write_ms=2000, write_ms=2000, destroy_ms=2000, drain_ms=2000)
    source = write_endless_wav(tmp_path / "in.wav")
    with stellatune.start("play", source, "--output", "system:pulse", **server.environment) as process:
        wait_until_it_plays(process)
        server.signal(signal.SIGSTOP)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    stellatune.expect_nothing_left()
