"""The system output over a PortAudio that is played by the test: names, formats, the end of a sound, lost devices."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from tests.support.port_audio import CAPACITY_FRAMES, CHANNELS, GONE, RATE_HZ, Audio, Host

#: An object of a class in a module that is loaded by path.
Sink = Any


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
