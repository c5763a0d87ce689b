"""A track that is to be played in another format than the pipeline has: whether it is, and how the pipeline is left.

Only a wish and the output's answer to it count here; who builds the other pipeline asks the output once more.
"""

from __future__ import annotations

from abi.kinds import StatusCode
from host.errors import PluginRefused, StellaError
from host.playback.chain import Chain, negotiate_beside
from host.playback.format_policy import Agreement, needs_rebuild, wished_format
from host.playback.graph import Pipeline
from host.playback.tracks import OpenTrack
from host.records import record
from host.runtime import PluginRuntime

__all__ = ["Departure", "FormatChange", "RelayEnd"]


@record
class Departure:
    """What follows needs another pipeline, and begins there at ``to_s``.

    ``at_once``: nobody wants to hear what this one still holds.
    """

    to_s: float = 0.0
    at_once: bool = False


@record
class RelayEnd:
    """So many frames the sink took. ``departure`` None: no track is left."""

    frames: int
    departure: Departure | None = None


class FormatChange:
    """Of one pipeline, that was built for ``first``."""

    def __init__(self, runtime: PluginRuntime, pipeline: Pipeline, chain: Chain, first: OpenTrack) -> None:
        self._runtime = runtime
        self._pipeline = pipeline
        self._policy = chain.formats
        self._agreement = Agreement(wished_format(first.info, chain.formats), pipeline.format)

    async def needed_for(self, track: OpenTrack) -> bool:
        """Whether another pipeline would suit the track better. A file has one format from its begin to its end.

        One whose device is away is kept as it is: it is that which goes on when the device is back.
        """
        pipeline, sink = self._pipeline, self._pipeline.sink
        output, wished = sink.output, wished_format(track.info, self._policy)
        if sink.absence is not None or output.files.values:
            return False
        if not needs_rebuild(self._agreement, track.info, self._policy):
            return False
        try:
            answer = await negotiate_beside(self._runtime, output, wished, self._policy)
        except PluginRefused as refused:
            # A device that only one may open answers when it is free, unless it is gone.
            return refused.status == StatusCode.IO and not sink.lost and sink.absence is None
        except StellaError:
            return False
        if answer == pipeline.format:
            self._agreement = Agreement(wished, answer)
        return answer != pipeline.format
