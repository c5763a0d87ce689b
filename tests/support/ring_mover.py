"""``python -m tests.support.ring_mover write|read FD FRAMES TARGET SEED``: one end of a ring, as a process.

Moves frame-numbered audio in odd portions and sleeps whenever nothing is ready, as pumps do. Prints one JSON object.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import asdict, dataclass

import numpy as np

from shm_audio._core import lib
from tests.support.ring_end import RingEnd, numbered

__all__ = ["Moved", "main"]

#: No sleep should ever come near this; one that does has lost its wake-up.
PATIENCE_S = 60.0
#: The sides take turns in being the slow one, so that both have to wait.
PHASE_FRAMES = 5000


@dataclass
class Moved:
    """What one side saw. ``position`` is where it stood when it gave up or was done."""

    position: int = 0
    wrong_frames: int = 0
    sleeps: int = 0
    worst: int = 0


def move(end: RingEnd, total: int, target: int, random_: random.Random) -> Moved:
    """Until ``total`` frames went by or a wait fails; ``worst`` is the worst result of a wait."""
    moved = Moved()
    block = 64
    end.greet()
    while end.position < total and moved.worst == lib.ST_RING_OK:
        left = total - end.position
        ready = end.frames()
        slow = end.position // PHASE_FRAMES % 2 == (end.side == lib.ST_RING_WRITER)
        frames = min(ready, left, random_.randint(1, 8 if slow else 3 * block))
        least = 1 if end.side == lib.ST_RING_WRITER else min(block, left)
        if ready < least:
            end.before_sleep()
            moved.sleeps += 1
            moved.worst = end.wait(min(target, left), PATIENCE_S)
        elif end.side == lib.ST_RING_WRITER:
            end.put(numbered(end.position, frames, end.channels))
        else:
            expected = numbered(end.position, frames, end.channels)
            moved.wrong_frames += int(np.count_nonzero(end.take(frames) != expected))
    end.before_sleep()
    moved.position = end.position
    return moved


def main(arguments: list[str]) -> None:
    """Moves and tells."""
    side = lib.ST_RING_WRITER if arguments[0] == "write" else lib.ST_RING_READER
    fd, total, target, seed = map(int, arguments[1:])
    with RingEnd(fd, side) as end:
        assert end.map_result == lib.ST_RING_OK
        print(json.dumps(asdict(move(end, total, target, random.Random(seed)))))


if __name__ == "__main__":
    main(sys.argv[1:])
