"""What a decoder tells of a file, as the library keeps it."""

from __future__ import annotations

from host.library.facts import duration_ms_of


def test_how_long_a_track_is() -> None:
    assert duration_ms_of(999, 44100 * 2, 44100) == 2000
    assert duration_ms_of(999, 0, 44100) == 999
    assert duration_ms_of(0, 0, 44100) is None
    assert duration_ms_of(0, 1, 44100) is None
    assert duration_ms_of(0, (1 << 62) - 1, 1) is None, "no column holds that"
