"""Carries out what plugins ask of the host, and tells those who asked for it what plays.

Belongs to the event loop's thread. Nothing runs for nobody: without a subscriber there are no ticks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from host.app.status import playback_facts
from host.errors import StellaError, Usage
from host.events import EventBus, PlaybackEnded, PluginAsked, Topic, TrackEnded, TrackStarted, WorkerExited
from host.ids import Generation
from host.jsontext import Json, JsonObject
from host.playback import Now
from host.runtime import ControlRequests

__all__ = ["TICK_S", "PluginRequests"]

#: Between two ticks, at least.
TICK_S = 0.25

_TICK = "player.tick"
_TRACK_STARTED = "player.track_started"
_TRACK_ENDED = "player.track_ended"
_PLAYBACK_ENDED = "player.playback_ended"
_TOPICS = (_TICK, _TRACK_STARTED, _TRACK_ENDED, _PLAYBACK_ENDED)
_MAX_TOPICS = 16
_TEXT_CHARS = 1000
#: More than all workers of a host may have under way.
_FACTS_KEPT = 4096
_SILENCE: JsonObject = {"playing": False, "position": None, "track": None}


class PluginRequests:
    """Of one host. ``now``: what plays; ``stop``: ends the playback, None where nobody may."""

    def __init__(
        self,
        bus: EventBus,
        requests: ControlRequests,
        now: Callable[[], Now | None],
        stop: Callable[[], Callable[[], None] | None],
        stop_within_s: float,
        tick_s: float = TICK_S,
    ) -> None:
        self._requests = requests
        self._now = now
        self._stop = stop
        self._stop_within_s = stop_within_s
        self._tick_s = tick_s
        self._wanted: dict[Generation, frozenset[str]] = {}
        self._facts = bus.subscribe(
            PluginAsked, TrackStarted, TrackEnded, PlaybackEnded, WorkerExited, capacity=_FACTS_KEPT
        )
        self._ticking: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._serving = asyncio.get_running_loop().create_task(self._serve())

    @property
    def ticking(self) -> bool:
        """Whether anybody is told the position."""
        return self._ticking is not None

    async def close(self) -> None:
        """Twice is fine."""
        self._facts.close()
        tasks = [task for task in (self._serving, self._ticking, self._stopping) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    async def _serve(self) -> None:
        async for fact in self._facts:
            self._hear(fact)

    def _hear(self, fact: Topic) -> None:
        match fact:
            case PluginAsked():
                self._requests.answer(fact.generation, fact.number, self._result(fact))
            case WorkerExited():
                self._want(fact.generation, frozenset())
            case TrackStarted():
                event: JsonObject = {
                    "index": fact.index,
                    "label": fact.label[:_TEXT_CHARS],
                    "position": fact.position,
                    "frames": fact.frames,
                    "sample_rate_hz": fact.sample_rate_hz,
                    "channels": fact.channels,
                    "title": fact.title,
                    "artist": fact.artist,
                    "album": fact.album,
                }
                self._tell(_TRACK_STARTED, event)
            case TrackEnded():
                label, error = fact.label[:_TEXT_CHARS], fact.error[:_TEXT_CHARS]
                self._tell(_TRACK_ENDED, {"index": fact.index, "label": label, "frames": fact.frames, "error": error})
            case PlaybackEnded():
                ended: JsonObject = {"position": fact.position, "played": fact.played, "failed": fact.failed}
                self._tell(_PLAYBACK_ENDED, ended)

    # ---- requests ----

    def _result(self, asked: PluginAsked) -> JsonObject | StellaError:
        try:
            match asked.control:
                case "player":
                    return self._player(asked)
                case "subscribe":
                    return self._subscribe(asked, adding=True)
                case "unsubscribe":
                    return self._subscribe(asked, adding=False)
                case _:
                    return StellaError(f"there is no {asked.control} in this version", code="unavailable")
        except StellaError as error:
            return error

    def _player(self, asked: PluginAsked) -> JsonObject:
        match asked.request.get("command"):
            case "status":
                return self._playing()
            case "stop":
                return self._stop_for(asked.generation)
            case _:
                raise Usage("the player knows the commands status and stop", code="unsupported")

    def _stop_for(self, generation: Generation) -> JsonObject:
        """The playback ends when the plugin has its answer, or might have it."""
        stop = self._stop()
        if self._present() is None:
            raise StellaError("nothing plays", code="not_playing")
        if stop is None:
            raise StellaError("this playback ends by itself only", code="unsupported")
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self._stop_soon(generation, stop))
        return {"stopping": True}

    async def _stop_soon(self, generation: Generation, stop: Callable[[], None]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._stop_within_s):
                await self._requests.delivered(generation)
        self._stopping = None
        stop()

    def _subscribe(self, asked: PluginAsked, *, adding: bool) -> JsonObject:
        chosen = _chosen(asked.request.get("topics"))
        before = self._wanted.get(asked.generation, frozenset())
        wanted = before | chosen if adding else before - chosen
        self._want(asked.generation, wanted)
        topics: list[Json] = [*sorted(wanted)]
        return {"topics": topics}

    # ---- what is told ----

    def _want(self, generation: Generation, topics: frozenset[str]) -> None:
        if topics:
            self._wanted[generation] = topics
        else:
            self._wanted.pop(generation, None)
        ticks = any(_TICK in each for each in self._wanted.values())
        if ticks and self._ticking is None:
            self._ticking = asyncio.get_running_loop().create_task(self._tick())
        elif not ticks and self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None

    def _tell(self, topic: str, facts: JsonObject) -> None:
        for generation, topics in self._wanted.items():
            if topic in topics:
                self._requests.tell(generation, {"type": topic, **facts})

    async def _tick(self) -> None:
        """While something plays, and once when nothing does any more."""
        told: JsonObject = {}
        while True:
            playing = self._playing()
            if playing is not _SILENCE or told is not _SILENCE:
                self._tell(_TICK, playing)
            told = playing
            await asyncio.sleep(self._tick_s)

    def _playing(self) -> JsonObject:
        now = self._present()
        if now is None:
            return _SILENCE
        facts = playback_facts(now)
        track = facts["track"]
        assert isinstance(track, dict)
        label = {"label": str(track["label"])[:_TEXT_CHARS]}
        return {"playing": True, "position": facts["position"], "track": {**track, **label}}

    def _present(self) -> Now | None:
        with suppress(StellaError):
            return self._now()
        return None


def _chosen(named: Json) -> frozenset[str]:
    """The topics behind names; ``player.*`` are all. Raises: Usage: no list of names, or nothing is called so."""
    if not isinstance(named, list) or not 0 < len(named) <= _MAX_TOPICS:
        raise Usage(f'"topics" is a list of 1 to {_MAX_TOPICS} names', code="bad_request")
    return frozenset(topic for name in named for topic in _matching(name))


def _matching(name: Json) -> Iterable[str]:
    found = _TOPICS if name == "player.*" else tuple(topic for topic in _TOPICS if topic == name)
    if not found:
        raise Usage(f"there are the topics {', '.join(_TOPICS)}", code="no_topic")
    return found
