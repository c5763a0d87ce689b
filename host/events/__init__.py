"""Facts that go up, and the bus that carries them. Owns no state of its own, and never waits for a subscriber."""

from host.events.bus import EventBus, Subscription
from host.events.topics import (
    DigestDone,
    EventsDropped,
    GenerationChanged,
    InstanceCreated,
    InstanceDestroyed,
    PlaybackEnded,
    PluginEmitted,
    PluginFault,
    PluginLogLine,
    StageEnded,
    Topic,
    TrackEnded,
    TrackStarted,
    WorkerExited,
    WorkerStarted,
)

__all__ = [
    "DigestDone",
    "EventBus",
    "EventsDropped",
    "GenerationChanged",
    "InstanceCreated",
    "InstanceDestroyed",
    "PlaybackEnded",
    "PluginEmitted",
    "PluginFault",
    "PluginLogLine",
    "StageEnded",
    "Subscription",
    "Topic",
    "TrackEnded",
    "TrackStarted",
    "WorkerExited",
    "WorkerStarted",
]
