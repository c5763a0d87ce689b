"""Facts about what is played: tracks, the queue, the transport."""

from __future__ import annotations

from host.events.topics import Topic
from host.records import record

__all__ = [
    "PlaybackEnded",
    "PlaybackStateChanged",
    "QueueChanged",
    "Seeked",
    "TrackEnded",
    "TrackHeard",
    "TrackStarted",
    "TrackTitled",
    "VolumeChanged",
]


@record
class TrackStarted(Topic):
    """Track ``index`` of the list begins at ``position`` of the pipeline's clock; ``frames`` 0 is unknown.

    ``title``, ``artist`` and ``album`` are empty where its file does not say; ``gain``: why it is louder or softer.
    """

    index: int
    label: str
    decoder: str
    position: int
    frames: int
    sample_rate_hz: int
    channels: int
    title: str = ""
    artist: str = ""
    album: str = ""
    gain: str = ""


@record
class TrackTitled(Topic):
    """What track ``index`` carries is called otherwise from now on: a radio's next song. ``index`` as in TrackHeard.

    It is told when the source says so, which is as much earlier as bytes and frames are held ahead.
    """

    index: int
    label: str
    title: str


@record
class TrackEnded(Topic):
    """It gave ``frames`` frames to the pipeline; ``error`` is empty when it ended in order."""

    index: int
    label: str
    frames: int
    error: str


@record
class TrackHeard(Topic):
    """Play ``index``, of entry ``entry`` of the queue, is what is heard from now on."""

    index: int
    entry: int
    label: str


@record
class PlaybackStateChanged(Topic):
    """It is playing, paused or stopped; ``error``: why it could not go on, empty where it was wished for."""

    state: str
    error: str


@record
class VolumeChanged(Topic):
    """The linear gain of what plays, and of what comes after it."""

    volume: float


@record
class QueueChanged(Topic):
    """Its entries, their order, its modes or its current one; ``version`` rises with each change."""

    version: int
    length: int


@record
class Seeked(Topic):
    """Track ``index`` goes on ``to_s`` seconds after its begin, from ``position`` of the pipeline's clock on."""

    index: int
    to_s: float
    position: int


@record
class PlaybackEnded(Topic):
    """Everything was played out at ``position``."""

    position: int
    played: int
    failed: int
