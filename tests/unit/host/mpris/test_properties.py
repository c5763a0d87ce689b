"""A status in the words of MPRIS."""

from __future__ import annotations

import pytest

from host.jsontext import JsonObject
from host.mpris.properties import NO_TRACK, shown

TRACK: JsonObject = {
    "entry": 7, "label": "/music/a b.flac", "title": None, "artist": "Who", "album": "What", "done_s": 1.5,
    "total_s": 60.0,
}  # fmt: skip


def test_a_track_that_plays() -> None:
    queue: JsonObject = {"length": 3, "repeat": "all", "shuffle": True}
    now = shown({"state": "playing", "volume_db": -20.0, "track": TRACK, "queue": queue})
    assert (now.playback_status, now.loop_status, now.shuffle) == ("Playing", "Playlist", True)
    assert now.volume == pytest.approx(0.1)
    assert (now.position_us, now.length_us, now.can_play, now.can_seek) == (1_500_000, 60_000_000, True, True)
    assert {name: (signature, value) for name, signature, value in now.metadata} == {
        "mpris:trackid": ("o", "/org/stellatune/queue/7"),
        "mpris:length": ("x", 60_000_000),
        "xesam:title": ("s", "a b.flac"),
        "xesam:artist": ("as", ["Who"]),
        "xesam:album": ("s", "What"),
        "xesam:url": ("s", "file:///music/a%20b.flac"),
    }


@pytest.mark.parametrize("nothing", [{}, {"state": "stopped", "track": None, "queue": {"length": 0, "repeat": "??"}}])
def test_nothing_plays(nothing: JsonObject) -> None:
    now = shown(nothing)
    assert (now.playback_status, now.loop_status, now.volume) == ("Stopped", "None", 1.0)
    assert (now.can_play, now.can_seek, now.length_us) == (False, False, None)
    assert now.metadata == (("mpris:trackid", "o", NO_TRACK),)
