"""The system output over a PortAudio that is played by the test: names, formats, the end of a sound, lost devices."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from tests.support.port_audio import CAPACITY_FRAMES, CHANNELS, GONE, RATE_HZ, Audio, Host, device

#: An object of a class in a module that is loaded by path.
Sink = Any


def sound(frames: int) -> memoryview:
    return memoryview(b"\1" * (frames * CHANNELS * 4))


def test_devices_are_listed_with_their_interface_and_told_apart_by_it(sink: Sink) -> None:
    assert sink.list_targets() == [
        {
            "id": "ALSA/Headset Pro",
            "name": "Headset Pro",
            "host_api": "ALSA",
            "channels": 1,
            "sample_rate_hz": 48_000,
            "default": True,
        },
        *(
            {
                "id": f"{api}/card",
                "name": "card",
                "host_api": api,
                "channels": 2,
                "sample_rate_hz": 48_000,
                "default": False,
            }
            for api in ("ALSA", "JACK")
        ),
    ]


def test_devices_of_one_interface_and_name_are_numbered(sink: Sink, audio: Audio) -> None:
    audio.devices = [device(index, "card", 0, channels) for index, channels in enumerate((2, 6, 0, 8))]
    assert [target["id"] for target in sink.list_targets()] == ["ALSA/card #3", "ALSA/card", "ALSA/card #2"]
    assert sink.negotiate({"id": "ALSA/card #2"}, 48_000, 8)[:2] == (48_000, 2)
    sink.open({"id": "ALSA/card #2"}, 48_000, 2, 0)
    assert audio.opened["device"] == 1


@pytest.mark.parametrize(
    ("asked", "rate", "channels", "agreed"),
    [
        ({}, 44_100, 1, (44_100, 1)),
        ({"id": "JACK/card"}, 44_100, 2, (44_100, 2)),
        ({"id": "ALSA/Headset Pro"}, 44_100, 2, (44_100, 1)),
        ({"id": "ALSA/card"}, 44_100, 6, (44_100, 2)),
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
    assert sink.negotiate({"id": "ALSA/card"}, 44_100, 2)[:2] == (48_000, 2)
    audio.takes = lambda _rate, _channels: False
    with pytest.raises(OSError, match="'ALSA/card' takes no float32 stream"):
        sink.negotiate({"id": "ALSA/card"}, 44_100, 2)


def test_no_such_device_and_no_device(sink: Sink, audio: Audio) -> None:
    with pytest.raises(ValueError, match=r"'tape'; there are: ALSA/card, JACK/card, ALSA/Headset Pro"):
        sink.negotiate({"id": "tape"}, 44_100, 2)
    audio.devices = []
    with pytest.raises(OSError, match="there is no sound device"):
        sink.negotiate({}, 44_100, 2)
    assert sink.list_targets() == []


def test_the_queue_is_what_the_device_holds(sink: Sink, audio: Audio) -> None:
    assert sink.status() == (0, False, 0)
    sink.open({}, RATE_HZ, CHANNELS, 0)
    assert sink.write(sound(500), 500) == 500
    assert sink.status() == (500, True, 0)
    audio.stream.queued_frames = 120
    assert sink.status() == (120, True, 0)


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


def test_after_a_reset_the_device_is_given_back_until_the_next_write(sink: Sink, audio: Audio) -> None:
    sink.open({}, RATE_HZ, CHANNELS, 0)
    sink.reset(7)
    sink.reset(7)
    sink.write(sound(10), 10)
    sink.reset(100)
    assert sink.status() == (0, False, 0)
    sink.flush()
    sink.write(sound(10), 10)
    assert sink.status() == (10, True, 0)
    sink.close()
    sink.close()
    assert audio.stream.calls == ["abort", "close", "start", "abort", "close", "start", "abort", "close"]


def test_a_device_that_went_during_a_reset_is_told_by_the_next_write(sink: Sink, audio: Audio) -> None:
    sink.open({}, RATE_HZ, CHANNELS, 0)
    sink.write(sound(10), 10)
    audio.stream.error = GONE
    sink.reset(10)
    with pytest.raises(OSError, match="'ALSA/Headset Pro' is gone: Unanticipated"):
        sink.write(sound(10), 10)


def test_a_lost_device_is_named_with_the_reason(sink: Sink, audio: Audio) -> None:
    sink.open({"id": "ALSA/card"}, RATE_HZ, CHANNELS, 0)
    audio.stream.error = GONE
    with pytest.raises(OSError, match="'ALSA/card' is gone: Unanticipated host error: Input/output error"):
        sink.write(sound(10), 10)
    with pytest.raises(OSError, match="'ALSA/Headset Pro' cannot be opened: Unanticipated"):
        sink.open({}, RATE_HZ, CHANNELS, 0)


def test_a_stream_that_ends_by_itself_is_a_lost_device(sink: Sink, audio: Audio) -> None:
    sink.open({}, RATE_HZ, CHANNELS, 0)
    sink.write(sound(10), 10)
    audio.stream.ended = True
    with pytest.raises(OSError, match="'ALSA/Headset Pro' is gone: its stream ended"):
        sink.write(sound(10), 10)


def test_a_device_that_runs_dry_is_told_ever_more_rarely(sink: Sink, audio: Audio, host: Host) -> None:
    audio.stream.plays = False
    sink.open({}, RATE_HZ, CHANNELS, 0)
    for _ in range(100):
        sink.write(sound(10), 10)
    assert sink.status()[2] == 100
    assert [line.rsplit("; ", 1)[1] for line in host.lines] == [f"{2**n} times so far" for n in range(7)]


def test_another_kind_is_refused(plugin: ModuleType, host: Host) -> None:
    with pytest.raises(ValueError, match="no dsp of type 'system'"):
        plugin.create("dsp", "system", {}, host)
