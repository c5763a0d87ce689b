"""What gives a playback its tracks, one open after the other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from host.playback.tracks import OpenTrack, TrackResult

__all__ = ["TrackFeed"]


class TrackFeed(Protocol):
    """Tracks have an ``index`` that is used once: by it they are told apart, and put back.

    ``keeps_results``: there is an end, and what became of each track is wanted then.
    """

    @property
    def keeps_results(self) -> bool: ...

    @property
    def sources(self) -> tuple[Path, ...]:
        """The files that are to be played, as far as that is known."""

    @property
    def unopened(self) -> tuple[TrackResult, ...]:
        """Those that could not be opened."""

    async def next_track(self, *, ahead: bool) -> OpenTrack | None:
        """The next one that opens, None after the last. Cancelled, none is lost.

        ``ahead``: while another one plays. None then only says that this is not the time.
        """

    def joined(self, index: int) -> None:
        """A track that was given begins to decode: what comes next comes after it."""

    def put_back(self, indexes: Iterable[int]) -> None:
        """These come next, in this order, before all that wait: they were not played after all."""

    def begin_anew(self) -> None:
        """The next track is the one that was chosen meanwhile, not the one that would have followed."""

    def ended(self, result: TrackResult) -> None:
        """What became of a track that was given."""
