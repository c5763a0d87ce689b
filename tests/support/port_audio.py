"""A PortAudio that is played by the test, in the shape of the module sounddevice; the runtime as its plugin sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

__all__ = [
    "CAPACITY_FRAMES",
    "CHANNELS",
    "GONE",
    "RATE_HZ",
    "Audio",
    "Host",
    "PortAudioError",
    "Stream",
    "device",
]

CAPACITY_FRAMES = 2_000
RATE_HZ = 10_000
CHANNELS = 2


class PortAudioError(Exception):
    """As sounddevice's: text, code, and the words of the system below."""


GONE = PortAudioError("Unanticipated host error", -9999, (8, -5, "Input/output error"))


@dataclass
class Stream:
    """A raw output stream whose device plays nothing, unless ``plays``."""

    plays: bool = True
    error: PortAudioError | None = None
    stopped: bool = True
    ended: bool = False
    queued_frames: int = 0
    written: bytes = b""
    calls: list[str] = field(default_factory=list)
    channels: int = CHANNELS
    sample_bytes: int = 4
    samplerate: float = float(RATE_HZ)

    @property
    def write_available(self) -> int:
        return CAPACITY_FRAMES - self.queued_frames

    @property
    def active(self) -> bool:
        return not self.stopped and not self.ended

    def start(self) -> None:
        self.stopped = False
        self.calls.append("start")

    def write(self, data: memoryview) -> bool:
        if self.error is not None:
            raise self.error
        self.written += bytes(data)
        self.queued_frames = min(CAPACITY_FRAMES, self.queued_frames + len(data) // (self.sample_bytes * self.channels))
        return not self.plays

    def stop(self) -> None:
        self.stopped = True
        self.calls.append("stop")

    def abort(self) -> None:
        self.stopped = True
        self.queued_frames = 0
        self.calls.append("abort")

    def close(self) -> None:
        self.calls.append("close")


@dataclass
class Host:
    """The runtime as the plugin sees it."""

    lines: list[str] = field(default_factory=list)
    giving_up: bool = False

    def log(self, _level: int, text: str) -> None:
        self.lines.append(text)

    def cancelled(self) -> bool:
        return self.giving_up


def device(index: int, name: str, interface: int, channels: int = 2) -> dict[str, Any]:
    return {
        "index": index,
        "name": name,
        "hostapi": interface,
        "max_output_channels": channels,
        "default_samplerate": 48_000.0,
    }


DEVICES = [device(0, "card", 0), device(1, "mic", 0, 0), device(2, "card", 1), device(3, "Headset Pro", 0, 1)]


class Audio(SimpleNamespace):
    """The module sounddevice: a list of devices, the formats they take, the next stream."""

    PortAudioError = PortAudioError

    def __init__(self) -> None:
        super().__init__(devices=DEVICES, default=3, takes=lambda _rate, _channels: True, stream=Stream(), opened={})
        self.formats = {"float32": 4, "int16": 2, "int24": 3}

    def query_devices(self, kind: str = "") -> Any:  # noqa: ANN401  # as sounddevice: a list, or one
        if kind and self.default >= len(self.devices):
            raise PortAudioError("Error querying device -1")
        return self.devices[self.default] if kind else self.devices

    def query_hostapis(self, index: int) -> dict[str, Any]:
        return {"name": ("ALSA", "JACK")[index]}

    def check_output_settings(self, *, channels: int, samplerate: int, dtype: str, **_: object) -> None:
        if dtype not in self.formats or not self.takes(samplerate, channels):
            raise PortAudioError("Invalid sample rate", -9997)

    def RawOutputStream(self, *, dtype: str, **wishes: object) -> Stream:  # noqa: N802  # sounddevice's name
        self.opened = {"dtype": dtype, **wishes}
        if self.stream.error is not None:
            raise self.stream.error
        found: Stream = self.stream
        found.sample_bytes = self.formats[dtype]
        return found
