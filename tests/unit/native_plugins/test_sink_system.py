"""The system output over a PortAudio that is played by the test: names, formats, the end of a sound, lost devices."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import native_plugins

#: An object of a class in a module that is loaded here, by path.
Sink = Any

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
    queued_frames: int = 0
    written: bytes = b""
    calls: list[str] = field(default_factory=list)
    channels: int = CHANNELS
    samplerate: float = float(RATE_HZ)

    @property
    def write_available(self) -> int:
        return CAPACITY_FRAMES - self.queued_frames

    def start(self) -> None:
        self.stopped = False
        self.calls.append("start")

    def write(self, data: memoryview) -> bool:
        if self.error is not None:
            raise self.error
        self.written += bytes(data)
        self.queued_frames = min(CAPACITY_FRAMES, self.queued_frames + len(data) // (4 * self.channels))
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
        super().__init__(devices=DEVICES, default=3, takes=lambda _rate, _channels: True, stream=Stream())

    def query_devices(self, kind: str = "") -> Any:  # noqa: ANN401  # as sounddevice: a list, or one
        if kind and self.default >= len(self.devices):
            raise PortAudioError("Error querying device -1")
        return self.devices[self.default] if kind else self.devices

    def query_hostapis(self, index: int) -> dict[str, Any]:
        return {"name": ("ALSA", "JACK")[index]}

    def check_output_settings(self, *, channels: int, samplerate: int, **_: object) -> None:
        if not self.takes(samplerate, channels):
            raise PortAudioError("Invalid sample rate", -9997)

    def RawOutputStream(self, **_: object) -> Stream:  # noqa: N802  # sounddevice's name
        if self.stream.error is not None:
            raise self.stream.error
        found: Stream = self.stream
        return found


@pytest.fixture
def audio(monkeypatch: pytest.MonkeyPatch) -> Audio:
    """In place of sounddevice."""
    made = Audio()
    monkeypatch.setitem(sys.modules, "sounddevice", made)
    return made


@pytest.fixture
def plugin(audio: Audio) -> Iterator[ModuleType]:
    """The module, imported over that one."""
    assert audio.devices
    path = Path(native_plugins.__path__[0], "sink_system", "plugin.py")
    spec = importlib.util.spec_from_file_location("sink_system_under_test", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def sink(plugin: ModuleType, host: Host) -> Sink:
    return plugin.create("sink", "system", {"latency_ms": 100}, host)


def sound(frames: int) -> memoryview:
    return memoryview(b"\1" * (frames * CHANNELS * 4))


def test_devices_of_one_name_are_told_apart(sink: Sink) -> None:
    listed = sink.list_targets()
    assert [target["id"] for target in listed] == ["Headset Pro", "card, ALSA", "card, JACK"]
    assert [target["default"] for target in listed] == [True, False, False]


@pytest.mark.parametrize(
    ("asked", "rate", "channels", "agreed"),
    [
        ({}, 44_100, 1, (44_100, 1)),
        ({"id": "card, JACK"}, 44_100, 2, (44_100, 2)),
        ({"id": "headset"}, 44_100, 2, (44_100, 1)),
        ({"id": "card"}, 44_100, 6, (44_100, 2)),
    ],
)
def test_the_nearest_format_is_agreed(
    sink: Sink,
    asked: dict[str, str],
    rate: int,
    channels: int,
    agreed: tuple[int, int],
) -> None:
    assert sink.negotiate(asked, rate, channels)[:2] == agreed


def test_a_rate_that_the_device_does_not_take(sink: Sink, audio: Audio) -> None:
    audio.takes = lambda rate, _channels: rate == 48_000
    assert sink.negotiate({"id": "card, ALSA"}, 44_100, 2)[:2] == (48_000, 2)
    audio.takes = lambda _rate, _channels: False
    with pytest.raises(OSError, match="'card, ALSA' takes no float32 stream"):
        sink.negotiate({"id": "card, ALSA"}, 44_100, 2)


def test_no_such_device_and_no_device(sink: Sink, audio: Audio) -> None:
    with pytest.raises(ValueError, match=r"'tape'; there are: card, ALSA, card, JACK, Headset Pro"):
        sink.negotiate({"id": "tape"}, 44_100, 2)
    audio.devices = []
    with pytest.raises(OSError, match="there is no sound device"):
        sink.negotiate({}, 44_100, 2)
    assert sink.list_targets() == []


def test_the_queue_is_what_the_device_holds(sink: Sink, audio: Audio) -> None:
    assert sink.status() == (0, False)
    sink.open({}, RATE_HZ, CHANNELS, 0)
    assert sink.write(sound(500), 500) == 500
    assert sink.status() == (500, True)
    audio.stream.queued_frames = 120
    assert sink.status() == (120, True)


def test_silence_follows_a_sound_so_that_its_end_is_played(sink: Sink, audio: Audio) -> None:
    sink.open({}, RATE_HZ, CHANNELS, 0)
    sink.write(sound(500), 500)
    sink.flush()
    behind = audio.stream.written[len(bytes(sound(500))) :]
    assert len(behind) >= (CAPACITY_FRAMES + RATE_HZ // 10) * CHANNELS * 4
    assert not any(behind)
    assert audio.stream.calls == ["start", "stop"]
    sink.flush()
    assert audio.stream.calls == ["start", "stop"], "nothing to play out"


def test_a_device_without_a_queue_gets_the_sound_alone(sink: Sink, audio: Audio) -> None:
    sink.open({}, RATE_HZ, CHANNELS, 0)
    sink.write(sound(500), 500)
    audio.stream.queued_frames = 0
    sink.flush()
    assert audio.stream.written == bytes(sound(500))


def test_a_flush_that_is_cancelled_ends_at_once(sink: Sink, audio: Audio, host: Host) -> None:
    sink.open({}, RATE_HZ, CHANNELS, 0)
    sink.write(sound(500), 500)
    host.giving_up = True
    sink.flush()
    assert audio.stream.written == bytes(sound(500))
    assert audio.stream.calls == ["start", "stop"]


def test_after_a_reset_the_device_starts_anew(sink: Sink, audio: Audio) -> None:
    sink.open({}, RATE_HZ, CHANNELS, 0)
    sink.reset(7)
    sink.write(sound(10), 10)
    sink.reset(100)
    sink.write(sound(10), 10)
    sink.close()
    sink.close()
    assert audio.stream.calls == ["start", "abort", "start", "abort", "close"]


def test_a_lost_device_is_named_with_the_reason(sink: Sink, audio: Audio) -> None:
    sink.open({"id": "card, ALSA"}, RATE_HZ, CHANNELS, 0)
    audio.stream.error = GONE
    with pytest.raises(OSError, match="'card, ALSA' is gone: Unanticipated host error: Input/output error"):
        sink.write(sound(10), 10)
    with pytest.raises(OSError, match="'Headset Pro' cannot be opened: Unanticipated"):
        sink.open({}, RATE_HZ, CHANNELS, 0)


def test_a_device_that_runs_dry_is_told_ever_more_rarely(sink: Sink, audio: Audio, host: Host) -> None:
    audio.stream.plays = False
    sink.open({}, RATE_HZ, CHANNELS, 0)
    for _ in range(100):
        sink.write(sound(10), 10)
    assert [line.rsplit("; ", 1)[1] for line in host.lines] == [f"{2**n} times so far" for n in range(7)]


def test_another_kind_is_refused(plugin: ModuleType, host: Host) -> None:
    with pytest.raises(ValueError, match="no dsp of type 'system'"):
        plugin.create("dsp", "system", {}, host)
