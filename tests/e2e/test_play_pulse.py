"""Played through real PortAudio to a real sound server: its null sink's monitor gives back the decoded samples."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import Samples, as_float, noise, write_wav
from tests.e2e.conftest import Stellatune

RATE_HZ = 48000
START_S = 20.0
MISSING = [name for name in ("pulseaudio", "pactl", "parec") if shutil.which(name) is None]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A private PulseAudio server with one null sink; gives the environment to reach it."""
    folder = tmp_path / "pulse"
    folder.mkdir(mode=0o700)
    socket = folder / "socket"
    places = {"XDG_RUNTIME_DIR": str(folder), "PULSE_RUNTIME_PATH": str(folder), "PULSE_STATE_PATH": str(folder)}
    reach = {**places, "PULSE_SERVER": f"unix:{socket}"}
    options = "--daemonize=no --exit-idle-time=-1 --use-pid-file=no --disallow-exit --realtime=no --high-priority=no"
    null_sink = f"module-null-sink sink_name=loop format=float32le rate={RATE_HZ} channels=2"
    native = f"module-native-protocol-unix auth-anonymous=1 socket={socket}"
    command = ["pulseaudio", "-n", *options.split(), "-L", native, "-L", null_sink]
    with subprocess.Popen(
        command, env={**os.environ, **places, "HOME": str(folder)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            deadline = time.monotonic() + START_S
            while subprocess.run(
                ["pactl", "info"], env={**os.environ, **reach}, capture_output=True, check=False
            ).returncode:
                assert time.monotonic() < deadline and process.poll() is None, "the sound server did not start"
            yield reach
        finally:
            process.kill()


class Recorder:
    """Reads the monitor of the null sink until so many frames came after the first that is not silent."""

    def __init__(self, environment: dict[str, str], frames: int) -> None:
        options = ["--raw", "-d", "loop.monitor", "--format=float32le", f"--rate={RATE_HZ}", "--channels=2"]
        self._process = subprocess.Popen(
            ["parec", *options, "--latency-msec=10"], env={**os.environ, **environment}, stdout=subprocess.PIPE
        )
        self._frames = frames
        self._data = bytearray()
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        assert self._running.wait(START_S), "the recorder hears nothing, not even silence"

    def _read(self) -> None:
        assert self._process.stdout is not None
        sounding = 0
        while sounding < self._frames * 8 and (data := os.read(self._process.stdout.fileno(), 65536)):
            self._running.set()
            self._data += data
            if sounding or any(data):
                sounding += len(data) if sounding else len(data.lstrip(b"\0"))

    def heard(self) -> Samples:
        """What came from the first frame that is not silent."""
        self._thread.join(30)
        self._process.kill()
        self._thread.join()
        self._process.communicate()
        frames = np.frombuffer(bytes(self._data[: len(self._data) // 8 * 8]), dtype="<f4").reshape(-1, 2)
        first = int(np.flatnonzero(frames.any(axis=1))[0])
        return frames[first : first + self._frames]


def test_the_server_gets_the_decoded_samples(stellatune: Stellatune, tmp_path: Path, server: dict[str, str]) -> None:
    samples = noise(RATE_HZ)
    samples[samples == 0] = 1
    before, after = np.zeros((RATE_HZ // 5, 2), np.int16), np.zeros((RATE_HZ // 2, 2), np.int16)
    source = write_wav(tmp_path / "in.wav", np.concatenate([before, samples, after]), RATE_HZ)
    recorder = Recorder(server, len(samples))
    stellatune.ok("play", source, "--output", "system:pulse", "--dsp", "gain", **server)
    assert np.array_equal(recorder.heard(), as_float(samples))
