"""The transport: a queue, whether it plays, and the playback that runs for it.

What the user wants is the state; that something is being opened or repaired meanwhile does not change it. A playback is
begun when there is something to play, and ends with the queue or when it is stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from itertools import count

from host.errors import NotFound, NotRunning, StellaError, Usage
from host.events import EventBus, PlaybackStateChanged, Seeked, TrackHeard, TrackStarted, VolumeChanged
from host.playback.opening import Opener
from host.playback.play_state import PlayState
from host.playback.player import Player
from host.playback.queue import Queue
from host.playback.queue_feed import QueueFeed
from host.playback.queue_state import Entry
from host.playback.running import Now
from host.playback.tracks import OpenTrack, PlaybackResult, TrackResult
from host.playback.wishes import Seek, Switch, Wish
from host.records import record

__all__ = ["PlaybackParts", "Stagehand", "Transport"]

#: A wish that takes longer goes on, but whoever asked has an answer.
PATIENCE_S = 2.0
#: Going back within this goes to the track before, later to the begin of this one.
BACK_S = 3.0
#: A track that is about to be heard is looked for no more often than this.
LEAST_LOOK_S = 0.005

Ended = Callable[[Entry, TrackResult], None]


@record
class PlaybackParts:
    """A player, and what opens its tracks."""

    player: Player
    opener: Opener


#: Makes a player and what opens its tracks, at that volume; what they hold is let go of when the block ends.
Stagehand = Callable[[float], AbstractAsyncContextManager[PlaybackParts]]


class Transport:
    """Of one host. The loop's thread. ``stage`` makes the players; ``told`` hears what became of every play,
    ``on_state`` what the user wants of it.
    """

    def __init__(
        self,
        queue: Queue,
        bus: EventBus,
        stage: Stagehand,
        told: Ended,
        on_state: Callable[[PlayState], None],
    ) -> None:
        self.queue = queue
        self._bus = bus
        self._stage = stage
        self._told = told
        self._on_state = on_state
        self._numbers = count(1)
        self._state = PlayState.STOPPED
        self._volume = 1.0
        self._player: Player | None = None
        self._feed: QueueFeed | None = None
        self._performing: asyncio.Task[PlaybackResult | None] | None = None
        self._stopped: asyncio.Task[PlaybackResult | None] | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._takes_current = False
        self._heard: tuple[int, int] | None = None
        self._begin: tuple[int, float] | None = None
        self._goal: tuple[Wish, float] | None = None
        self._switching = 0
        #: Why the last playback could not go on; None: it could.
        self.failure: StellaError | None = None
        queue.subscribe(self._queue_changed)

    # ---- what goes on ----

    @property
    def state(self) -> PlayState:
        """What the user wants."""
        return self._state

    @property
    def volume(self) -> float:
        """The linear gain."""
        return self._volume

    @property
    def player(self) -> Player | None:
        """The playback that runs; None while it is stopped."""
        return self._player

    def now(self) -> Now | None:
        """What is heard; None while it is stopped, and until the first frame is."""
        return None if self._player is None else self._player.now()

    def heard(self) -> Entry | None:
        """The entry that is heard, or that somebody wished to hear."""
        now = None if self._switching else self.now()
        entry = None if now is None or self._feed is None else self._feed.entry(now.track.index)
        return entry or self.queue.current

    @property
    def position_s(self) -> float:
        """How far the entry that is heard has been played, or is about to be."""
        if self._goal is not None:
            return self._goal[1]
        now = None if self._switching else self.now()
        if now is not None:
            return now.done_s
        return 0.0 if self._switching else self._begin_of(self.heard())

    def opened(self, index: int) -> tuple[OpenTrack, Entry] | None:
        """What is heard, or about to be, under the index of a play; None: it is not, or not yet."""
        running = None if self._player is None else self._player.running
        track = None if running is None else running.record.tracks.get(index)
        entry = None if self._feed is None else self._feed.entry(index)
        return None if track is None or entry is None else (track, entry)

    # ---- commands ----

    def begin_at(self, to_s: float) -> None:
        """Where in the entry that is current now the next ``play`` begins it, while nothing plays."""
        current = self.queue.current
        self._begin = None if current is None else (current.id, to_s)

    async def play(self, *, paused: bool = False) -> None:
        """Goes on where it was paused, or begins with the current entry, or with the first.

        Raises:
            NotFound: the queue is empty.
        """
        await self._until_stopped()
        if self._performing is not None and not self._performing.done():
            await (self.pause() if paused else self.resume())
            return
        if not len(self.queue):
            raise NotFound("the queue is empty", remedy="`stellatune queue add FILE`")
        self.failure = None
        self._set_state(PlayState.PAUSED if paused else PlayState.PLAYING)
        self._performing = asyncio.get_running_loop().create_task(self._perform(paused=paused))

    async def pause(self) -> None:
        """Stands still. Nothing happens while it is stopped."""
        if self._state is PlayState.PLAYING:
            self._set_state(PlayState.PAUSED)
            if self._player is not None:
                await self._patiently(self._player.pause())

    async def resume(self) -> None:
        """Goes on. Nothing happens while it is stopped."""
        if self._state is PlayState.PAUSED:
            self._set_state(PlayState.PLAYING)
            if self._player is not None:
                await self._patiently(self._player.resume())

    async def toggle(self) -> None:
        """Pauses what plays, plays what does not. Raises: as ``play``."""
        await self._until_stopped()
        await (self.pause() if self._state is PlayState.PLAYING else self.play())

    async def stop(self) -> None:
        """Ends the playback; the current entry stays, and is begun anew by ``play``."""
        performing = self._performing
        if performing is None or performing.done():
            return
        if self._stopped is not performing:  # told twice, it would not clean up
            self._stopped = performing
            performing.cancel()
        await asyncio.wait((performing,))
        if self._performing is performing:  # it may not even have begun
            self._set_state(PlayState.STOPPED)

    async def next(self) -> None:
        """To the entry after this one. Behind the last one the playback ends."""
        here, current = self.heard(), self.queue.current
        decoded_ahead = current is not None and here is not None and here.id != current.id
        await self._to_current(current if decoded_ahead else self.queue.step(1))

    async def previous(self) -> None:
        """To the begin of this entry, or, near that, to the one before."""
        here = self.heard()
        now = self.now()
        can_go_back = here is not None and not (now is not None and now.live)
        if can_go_back and self.position_s > BACK_S and self._state is not PlayState.STOPPED:
            await self.seek(0.0)
            return
        if here is not None and self.queue.current != here and here in self.queue.entries:
            self.queue.goto(here.id)
        before = self.queue.step(-1)
        while before is not None and before.trouble and before != here:
            before = self.queue.step(-1)  # who goes back would be sent on from it at once
        await self._to_current(before or self.queue.current)

    async def goto(self, entry_id: int) -> None:
        """To this entry, and plays. Raises: NotFound."""
        await self._until_stopped()
        self.queue.goto(entry_id)
        if self._state is PlayState.STOPPED:
            await self.play()
            return
        self._choose()
        await self.resume()
        await self._go(Switch())

    async def seek(self, to_s: float) -> None:
        """To this place of the entry that is heard, in seconds. Raises: NotRunning; Usage: behind its end."""
        if self._player is None:
            raise NotRunning("nothing plays", remedy="`stellatune resume` begins it")
        now = self.now()
        total_s = None if now is None else now.track.duration_s
        if now is not None and now.live:
            raise Usage("a live stream is only heard as it comes", remedy="`stellatune next` goes to the next one")
        if total_s is not None and to_s > total_s:
            raise Usage(f"the track ends after {total_s:.1f} s", remedy="`stellatune next` goes to the next one")
        wish = Seek(max(0.0, to_s))
        self._goal = (wish, wish.to_s)
        await self._go(wish)

    async def seek_by(self, by_s: float) -> None:
        """So far on, or back; not beyond either end. Raises: NotRunning."""
        now, to_s = self.now(), self.position_s + by_s
        total_s = None if now is None else now.track.duration_s
        await self.seek(to_s if total_s is None else min(to_s, total_s))

    async def seek_percent(self, percent: float) -> None:
        """To this part of the entry that is heard. Raises: NotRunning; Usage: nobody knows how long it is."""
        now = self.now()
        total_s = None if now is None else now.track.duration_s
        if now is not None and total_s is None:
            raise Usage("nobody knows how long this track is", remedy="seek in seconds")
        await self.seek((total_s or 0.0) * percent / 100)

    async def set_volume(self, volume: float) -> None:
        """A linear gain, reached in a ramp."""
        self._volume = volume
        if self._player is not None:
            await self._player.set_volume(volume)
        self._bus.publish(VolumeChanged(volume))

    async def ended(self) -> PlaybackResult | None:
        """Waits until what plays has ended by itself or was stopped (None). Raises: StellaError: it could not go on."""
        if self._performing is None:
            return None
        await asyncio.wait((self._performing,))
        if self.failure is not None:
            raise self.failure
        return None if self._performing.cancelled() else self._performing.result()

    async def close(self) -> None:
        """Stops; twice is fine."""
        await self.stop()

    # ---- inside ----

    async def _to_current(self, entry: Entry | None) -> None:
        if entry is None:
            await self.stop()
        elif self._state is PlayState.STOPPED:
            return
        else:
            self._choose()
            await self._go(Switch())

    def _choose(self) -> None:
        """The queue was moved to where the music is to go."""
        if self._feed is not None:
            self._feed.choose()

    async def _until_stopped(self) -> None:
        """What is asked for after a ``stop`` comes after it."""
        while (stopped := self._stopped) is not None and stopped is self._performing and not stopped.done():
            await asyncio.wait((stopped,))

    async def _patiently(self, doing: Coroutine[None, None, None]) -> None:
        """It is done to its end, whoever goes away; who asked has an answer, even if it waits for a device."""
        task = asyncio.get_running_loop().create_task(doing)
        self._under_way.add(task)
        task.add_done_callback(self._done)
        await asyncio.wait((task,), timeout=PATIENCE_S)
        if task.done():
            task.result()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be left to tell

    async def _go(self, wish: Wish) -> None:
        player = self._player
        if player is None:  # it is just being made
            self._takes_current = self._takes_current or isinstance(wish, Switch)
            return
        going = player.go(wish)
        if isinstance(wish, Switch):
            self._switching += 1
            going.add_done_callback(self._switched)
        await asyncio.wait((going,), timeout=PATIENCE_S)
        if self._goal is not None and self._goal[0] is wish:
            self._goal = None

    def _switched(self, _: asyncio.Future[None]) -> None:
        self._switching -= 1

    def _begin_of(self, entry: Entry | None) -> float:
        """Where an entry is to begin."""
        return self._begin[1] if self._begin is not None and entry is not None and entry.id == self._begin[0] else 0.0

    async def _perform(self, *, paused: bool) -> PlaybackResult | None:
        """Until the queue has ended: what is added while its last track is played out begins anew."""
        result: PlaybackResult | None = None
        try:
            self._takes_current = self.queue.current is not None
            while True:
                result, goes_on = await self._perform_once(paused=paused)
                if not goes_on:
                    break
                paused = False
            self.queue.advance()
        except asyncio.CancelledError:
            result = None
        except StellaError as error:
            self.failure = error
        finally:
            self._set_state(PlayState.STOPPED)
        return result

    async def _perform_once(self, *, paused: bool) -> tuple[PlaybackResult | None, bool]:
        """What came of it, and whether there is more to play."""
        async with self._stage(self._volume) as parts:
            player = parts.player
            feed = QueueFeed(self.queue, parts.opener, self._bus, self._numbers, self._told, self._takes_current)
            self._player, self._feed = player, feed
            looking = asyncio.get_running_loop().create_task(self._look(player))
            begin: tuple[int, float] | None = None
            try:
                await player.set_volume(self._volume)  # it may have changed while the files were opened
                wishes_pause = paused or self._state is PlayState.PAUSED
                result = await player.perform(
                    feed, begins_s=lambda index: self._begin_of(feed.entry(index)), paused=wishes_pause
                )
                wish, current = player.unserved, self.queue.current
                self._takes_current = wish is not None
                if wish is not None and current is not None:
                    begin = (current.id, wish.to_s)
                return result, wish is not None or (not feed.in_vain and self.queue.following() is not None)
            finally:
                looking.cancel()
                self._player, self._feed, self._heard, self._goal, self._begin = None, None, None, None, begin

    async def _look(self, player: Player) -> None:
        """Tells which entry is heard, as soon as it is."""
        with self._bus.subscribe(TrackStarted, Seeked, PlaybackStateChanged) as facts:
            while True:
                self._tell_heard()
                running = player.running if self._state is PlayState.PLAYING else None
                until_s: float | None = None
                with suppress(StellaError):
                    until_s = None if running is None else running.next_begin_s()
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if until_s is None else max(LEAST_LOOK_S, until_s)):
                        await anext(facts)

    def _tell_heard(self) -> None:
        with suppress(StellaError):  # rings that are being made anew say nothing
            now, entry = self.now(), self.heard()
            if now is None or entry is None or self._heard == (now.track.index, entry.id):
                return
            self._heard = (now.track.index, entry.id)
            self._bus.publish(TrackHeard(now.track.index, entry.id, str(now.track.where)))

    def _set_state(self, state: PlayState) -> None:
        if state is not self._state:
            self._state = state
            self._on_state(state)
            failure = "" if self.failure is None else str(self.failure)
            self._bus.publish(PlaybackStateChanged(state.value, failure))

    def _queue_changed(self) -> None:
        """Another entry may follow than the one that is open already."""
        player, feed = self._player, self._feed
        if player is None or feed is None or player.running is None:
            return
        if feed.outdated:
            player.running.relay.preload.expire()
