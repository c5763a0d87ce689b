"""What is played again when a pipeline is given up: everything from where the sink stood, each track once, in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.playback.record import Record, Rewound
from host.playback.timeline import Segment
from host.playback.tracks import TrackResult


def record(*joined: tuple[int, int], at_hand: int | None, done: tuple[int, ...] = ()) -> Record:
    """``joined``: positions and tracks."""
    made = Record(1000, 0)
    for position, track in joined:
        made.timeline.append(Segment(position, track, 0, 1000))
    for track in done:
        made.results[track] = TrackResult(track, Path("x"))
    made.at_hand = at_hand
    return made


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (record(at_hand=0), Rewound((0,), None)),
        (record((0, 0), at_hand=0), Rewound((0,), 0)),
        (record((0, 0), at_hand=1, done=(0,)), Rewound((0, 1), 0)),
        (record((0, 0), (100, 1), at_hand=1, done=(0,)), Rewound((0, 1), 0)),
        (record((0, 0), at_hand=1, done=(0, 1)), Rewound((0,), 0)),
        (record((0, 0), (10, 1), at_hand=1, done=(0,)), Rewound((1,), 10)),
        (record((0, 0), (10, 1), at_hand=2, done=(0, 1)), Rewound((1, 2), 10)),
    ],
    ids=[
        "nothing has begun",
        "in the first",
        "before the join of the second, which is lost otherwise",
        "after a join that was not heard yet",
        "the second would not be played, which was told",
        "heard into the second",
        "before the join of the third",
    ],
)
def test_what_is_played_again(made: Record, expected: Rewound) -> None:
    done = set(made.results)
    assert made.rewind(50) == expected
    assert set(made.results) == done - set(expected.tracks)
