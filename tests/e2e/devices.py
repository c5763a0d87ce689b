"""Sound devices without a card: ALSA devices that write files, with or without a clock, and a PulseAudio of ours."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.audio import Samples
from tests.support.waiting import until

__all__ = [
    "PLAYS",
    "AlsaDevice",
    "PulseServer",
    "file_device",
    "needs_portaudio",
    "needs_pulse",
    "no_device",
    "paced_device",
]

SYSTEM = "</usr/share/alsa/alsa.conf>\n"
DEVICE = (
    'pcm.{name} {{ type file file "{file}" format "raw" slave.pcm "null" hint {{ show on description "test" }} }}\n'
    'pcm.!default {{ type plug slave.pcm "{name}" hint {{ show on description "default" }} }}\n'
)
READER = Path(__file__).resolve().with_name("paced_reader.py")
BYTES_PER_SAMPLE = 4
PULSE_TOOLS = ("pulseaudio", "pactl", "parec", "pacat")
PULSE_PLUGIN = "alsa-lib/libasound_module_pcm_pulse.so"
SERVER_START_S = 10.0
FIRST_BYTE_S = 20.0
PLAYS = 5

needs_portaudio = pytest.mark.skipif(
    ctypes.util.find_library("portaudio") is None, reason="PortAudio is missing: apt-get install libportaudio2"
)


def _pulse_is_missing() -> bool:
    plugin = any(Path("/usr/lib").glob(f"*/{PULSE_PLUGIN}")) or Path("/usr/lib", PULSE_PLUGIN).exists()
    return not plugin or any(shutil.which(tool) is None for tool in PULSE_TOOLS)


needs_pulse = pytest.mark.skipif(
    _pulse_is_missing(),
    reason="PulseAudio is missing: apt-get install pulseaudio pulseaudio-utils libasound2-plugins",
)


@dataclass(frozen=True)
class AlsaDevice:
    """``environment`` makes a command see it, and no other; what it was given is in ``capture``."""

    name: str
    capture: Path
    environment: dict[str, str]

    def heard(self, channels: int) -> Samples:
        """Shape (frames, channels), whole frames only; empty where nothing ever came."""
        data = self.capture.read_bytes() if self.capture.exists() else b""
        assert len(data) % (channels * BYTES_PER_SAMPLE) == 0
        return np.frombuffer(data, dtype="<f4").reshape(-1, channels)

    def hears(self, expected: Samples, play: Callable[[], object]) -> bool:
        """Whether one play of a few is heard exactly so. None may lose or change a frame.

        A machine that stands still starves the device, and that gets silence in between: such a play is done again.
        """
        for _ in range(PLAYS):
            self.capture.unlink(missing_ok=True)
            play()
            heard = self.heard(expected.shape[1])
            assert np.array_equal(_sounding(heard), _sounding(expected)), "frames were lost or changed"
            if np.array_equal(heard, expected):
                return True
        return False


def _sounding(samples: Samples) -> Samples:
    """Frames that are not silent."""
    return samples[samples.any(axis=1)]


def file_device(folder: Path) -> AlsaDevice:
    """``loopfile``: writes what it gets, as fast as it comes."""
    capture = folder / "captured.raw"
    return AlsaDevice("loopfile", capture, _configured(folder, DEVICE.format(name="loopfile", file=capture)))


def paced_device(folder: Path, rate_hz: int, channels: int) -> AlsaDevice:
    """``paced``: takes frames at the speed of their rate."""
    capture = folder / "captured.raw"
    command = f"|{sys.executable} {READER} {rate_hz * channels * BYTES_PER_SAMPLE} {capture}"
    return AlsaDevice("paced", capture, _configured(folder, DEVICE.format(name="paced", file=command)))


def no_device(folder: Path) -> dict[str, str]:
    """The environment of a machine whose ALSA knows no card and no server."""
    return _configured(folder, "")


def _configured(folder: Path, devices: str) -> dict[str, str]:
    path = folder / "asound.conf"
    path.write_text(SYSTEM + devices, encoding="utf-8")
    return {"ALSA_CONFIG_PATH": str(path), "JACK_NO_START_SERVER": "1", "PULSE_SERVER": f"unix:{folder}/no-server"}


@dataclass
class PulseServer:
    """A private server whose only sink is the null sink ``loop``: float32, 48 kHz, stereo."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    RATE_HZ = 48000
    CHANNELS = 2
    DEVICE = "pulse"
    _FORMAT = ("--raw", "--format=float32le", f"--rate={RATE_HZ}", f"--channels={CHANNELS}")

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to find it; also what keeps the server away from the user's own."""
        return {
            "PULSE_SERVER": f"unix:{self.folder}/socket",
            "PULSE_RUNTIME_PATH": str(self.folder / "runtime"),
            "PULSE_STATE_PATH": str(self.folder / "state"),
            "XDG_RUNTIME_DIR": str(self.folder / "runtime"),
            "HOME": str(self.folder),
            "JACK_NO_START_SERVER": "1",
        }

    def start(self) -> None:
        """Returns when it answers, and when its sink runs."""
        for name in ("runtime", "state"):
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)
        sink = f"sink_name=loop format=float32le rate={self.RATE_HZ} channels={self.CHANNELS}"
        self.process = self._run(
            *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disallow-exit"),
            *("--realtime=no", "--high-priority=no"),
            *("-L", f"module-native-protocol-unix auth-anonymous=1 socket={self.folder}/socket"),
            *("-L", f"module-null-sink {sink} channel_map=front-left,front-right norewinds=1"),
        )
        assert until(self._answers, SERVER_START_S), (self.folder / "pulseaudio.log").read_text()
        # Nothing is rendered twice (norewinds): a recording may miss what was. Somebody else's silence keeps it awake.
        self._run("pacat", *self._FORMAT, "--latency-msec=20", stdin=Path("/dev/zero"))

    @contextmanager
    def recording(self, into: Path) -> Iterator[None]:
        """Records what the sink plays, from the first frame on that is there when this begins."""
        command = ("parec", *self._FORMAT, "-d", "loop.monitor", "--latency-msec=20")
        recorder = self._run(*command, stdout=into)
        assert until(lambda: into.stat().st_size > 0, FIRST_BYTE_S)
        yield
        end = into.stat().st_size + self.RATE_HZ * self.CHANNELS * BYTES_PER_SAMPLE // 2
        assert until(lambda: into.stat().st_size > end, FIRST_BYTE_S)
        recorder.terminate()
        recorder.wait()

    def signal(self, number: int) -> None:
        """To the server itself."""
        assert self.process is not None
        self.process.send_signal(number)

    def end(self, number: int) -> None:
        """Sends the server a signal that ends it, and waits for that; ``start`` brings it back."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait()

    def stop(self) -> None:
        """Ends the server, hung or not, and what feeds it, each by its own process."""
        self._stack.close()

    def _answers(self) -> bool:
        asked = subprocess.run(["pactl", "info"], env={**os.environ, **self.environment}, capture_output=True)
        return asked.returncode == 0

    def _run(self, *command: str, stdin: Path | None = None, stdout: Path | None = None) -> subprocess.Popen[bytes]:
        with (
            (stdin or Path("/dev/null")).open("rb") as source,
            (stdout or Path("/dev/null")).open("wb") as target,
            (self.folder / f"{command[0]}.log").open("wb") as log,
        ):
            process = subprocess.Popen(
                command, env={**os.environ, **self.environment}, stdin=source, stdout=target, stderr=log
            )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process
