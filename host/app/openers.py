"""What opens the tracks of a playback: who may decode them, whose the sources are, what each is made with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from abi.kinds import CapabilityKind
from host.app.playback_setup import chosen_decoders, gain_wished
from host.capabilities import Candidate
from host.events import EventBus
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.packages import Discovery
from host.playback import Excerpt, MediaOpener, Opener, Serves, TypeConfigs
from host.runtime import PluginRuntime
from host.settings import ReplayGainMode, Settings

__all__ = ["make_opener"]

ConfigOf = Callable[[CapabilityKind, PluginId, TypeId], JsonObject]


def make_opener(
    runtime: PluginRuntime,
    bus: EventBus,
    discovery: Discovery,
    settings: Callable[[], Settings],
    config_of: ConfigOf,
    serves: Serves,
    excerpt: Excerpt,
    decoder: Candidate | None,
    mode: ReplayGainMode | None,
) -> Opener:
    """Of one playback. ``settings`` are asked for each track; ``serves``: whose a track of a source is.

    ``decoder``: this one only, whatever the scores say. ``mode`` None: as it is set.
    """
    sources = TypeConfigs("source", partial(config_of, CapabilityKind.SOURCE_CATALOG))
    ahead_bytes = 1024 << (settings().pipeline.stream_kib - 1).bit_length()
    media = MediaOpener(runtime, bus, serves, sources, ahead_bytes)
    return Opener(
        runtime,
        chosen_decoders(discovery, decoder),
        excerpt,
        media,
        TypeConfigs("decoder", partial(config_of, CapabilityKind.DECODER)),
        lambda: gain_wished(settings().replay_gain, mode),
    )
