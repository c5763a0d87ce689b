"""A place in the input that kills an effect: found by two deaths, left out for a while, never heard again. Pure."""

from __future__ import annotations

from host.playback.sizes import on_grid

__all__ = ["DeadlyPlace"]

_DEATHS = 2


class DeadlyPlace:
    """Of one effect. Positions are frames of the pipeline's clock."""

    def __init__(self) -> None:
        self._deaths_at: tuple[int, int] = (-1, 0)
        self._span = (0, 0)
        self._end_before = 0

    @property
    def end(self) -> int:
        """Behind the place that was found last; 0 when there was none."""
        return self._span[1]

    def died(self, position: int, span_frames: int, block_frames: int) -> bool:
        """A death of its own doing in the block at ``position``: whether it is the second there.

        Then the input from there on, ``span_frames`` and up to the block grid, is the place.
        """
        place, deaths = self._deaths_at
        self._deaths_at = (position, deaths + 1 if position == place else 1)
        if self._deaths_at[1] < _DEATHS:
            return False
        self._end_before = self.end
        self._span = (position, on_grid(position + span_frames, block_frames))
        return True

    def holds(self, position: int) -> bool:
        """Whether a position lies in it."""
        return self._span[0] <= position < self._span[1]

    def floor(self, position: int) -> int:
        """A successor at ``position`` may not see input before this: it would kill it."""
        return self._span[1] if position > self._span[0] else self._end_before
