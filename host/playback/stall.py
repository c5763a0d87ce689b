"""Whether a stage stands still although it could work: judged from the words of its rings, look by look. Pure.

Looks come at a steady pace. One that comes late counts for nothing: then it was the host, or the whole machine, that
stood still.
"""

from __future__ import annotations

from host.records import record

__all__ = ["Look", "Stillness"]


LOOKS_OF_A_MOMENT = 10


@record
class Look:
    """One look.

    ``position``: what the stage has done; ``can_work``: it has input and room; ``low``: what comes after it runs dry.
    """

    position: int
    can_work: bool
    low: bool
    on_time: bool


class Stillness:
    """What was seen of one stage. It counts as late only once the ring after it has been well filled."""

    def __init__(self, looks: int, *, armed: bool = False) -> None:
        """``looks``: so many in a row without progress are too many. ``armed``: nothing comes after it to be filled."""
        self._looks = looks
        self._vacant = 0
        self._position = -1
        self._still = 0
        self._armed = armed

    def late(self, seen: Look) -> bool:
        """For a stage that is dead: whether somebody must stand in, as what comes after it runs dry.

        Where that was never well filled, at the begin, a successor is given a moment.
        """
        self._vacant += seen.on_time
        return seen.low and (self._armed or self._vacant >= LOOKS_OF_A_MOMENT)

    def forget(self) -> None:
        """Somebody else works there now."""
        self._still = self._vacant = 0

    def look(self, seen: Look) -> bool:
        """Whether it is to be given up: it makes no progress, and what comes after it runs dry."""
        if seen.position != self._position or not seen.can_work:
            self._position, self._still = seen.position, 0
        elif seen.on_time:
            self._still += 1
        self._armed = self._armed or not seen.low
        return self._armed and seen.low and self._still >= self._looks
