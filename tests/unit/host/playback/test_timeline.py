"""The segment table: positions to tracks and source frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.playback.timeline import Place, Segment, Timeline


def test_nothing_is_known_before_the_first_segment() -> None:
    assert Timeline(48000).place(0) is None


def test_a_position_belongs_to_the_segment_that_holds_it() -> None:
    table = Timeline(44100)
    table.append(Segment(0, 0, 0, 44100))
    table.append(Segment(1001, 1, 0, 44100))
    assert table.place(1000) == Place(0, 1000, 44100)
    assert table.place(1001) == Place(1, 0, 44100)
    assert table.place(5001) == Place(1, 4000, 44100)


def test_source_frames_are_counted_at_the_rate_of_the_source() -> None:
    table = Timeline(48000)
    table.append(Segment(0, 0, 0, 44100))
    assert table.place(48000) == Place(0, 44100, 44100)
    place = table.place(24000)
    assert place is not None
    assert place.seconds == pytest.approx(0.5)


def test_a_segment_that_starts_inside_its_track() -> None:
    table = Timeline(44100)
    table.append(Segment(0, 0, 88200, 44100))
    place = table.place(44100)
    assert place is not None
    assert place.seconds == pytest.approx(3.0)


def test_latency_of_effects_is_taken_off() -> None:
    table = Timeline(44100, latency_frames=100)
    table.append(Segment(0, 0, 0, 44100))
    table.append(Segment(1000, 1, 0, 44100))
    assert table.place(50) == Place(0, 0, 44100)
    assert table.place(1099) == Place(0, 999, 44100)
    assert table.place(1100) == Place(1, 0, 44100)


def test_a_track_without_frames_gives_way_to_the_next() -> None:
    table = Timeline(44100)
    table.append(Segment(0, 0, 0, 44100))
    table.append(Segment(500, 1, 0, 44100))
    table.append(Segment(500, 2, 0, 44100))
    assert table.place(500) == Place(2, 0, 44100)


def test_the_table_never_goes_back() -> None:
    table = Timeline(44100)
    table.append(Segment(500, 0, 0, 44100))
    with pytest.raises(ValueError, match="cannot follow"):
        table.append(Segment(499, 1, 0, 44100))


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=20), st.integers(0, 200_000))
def test_every_position_is_found_in_the_last_segment_at_or_before_it(lengths: list[int], position: int) -> None:
    table, start = Timeline(44100), 0
    starts: list[int] = []
    for track, length in enumerate(lengths):
        table.append(Segment(start, track, 0, 44100))
        starts.append(start)
        start += length
    expected = max(track for track, begin in enumerate(starts) if begin <= position)
    place = table.place(position)
    assert place is not None
    assert place.track == expected
    assert place.source_frame == position - starts[expected]


def test_what_was_heard_does_not_go_back_but_with_the_clock() -> None:
    """A queue that is read late, and one that a new device fills anew, move nobody back."""
    table = Timeline(44100)
    table.append(Segment(0, 0, 0, 44100))
    assert [table.heard(*seen) for seen in [(500, 100), (512, 400), (600, 0), (700, 400), (1100, 400)]] == [
        400,
        400,
        600,
        600,
        700,
    ]
    table.restart(Segment(400, 0, 90_000, 44100))
    assert table.heard(400, 0) == 400
    assert table.heard(900, 100) == 800
    table.rewind(512)
    assert table.heard(512, 0) == 512
