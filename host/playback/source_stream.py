"""What a decoder reads where a source serves the bytes: the stream, and who keeps it filled.

A source that dies or hangs is followed by another one, as its plugin may; while nobody fills the stream the decoder
waits. One that gives up ends the track, with what it said. Nothing here waits for a playback, nor it for this.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeAlias

from abi.kinds import StatusCode
from abi.wire import StopReason
from host.errors import MediaError, StellaError
from host.events import EventBus, PluginEmitted, StageEnded, StageGivenUp, TrackTitled
from host.ids import InstanceId, PluginId
from host.jsontext import Json, JsonObject
from host.media import Media
from host.playback.deaths import cause_of, counted
from host.playback.repairs import Grade, Repair, Swapped
from host.playback.seat import RingsBroken
from host.playback.source_seat import SourceSeat
from host.playback.stage_use import StageUse
from host.printable import printable
from host.records import record
from host.runtime import PluginRuntime
from host.supervise import examine
from host.where import SourceTrack, extension_of, label_of, short_name
from shm_audio import StreamError

__all__ = ["Readable", "SourceStream", "failure_of_source"]

MAX_TITLE = 500
MAX_LABEL = 4000
#: That the decoder has not come to yet, and how often it is looked whether it has.
MOST_TITLES = 64
TITLE_LOOK_S = 0.25
#: As plugins name it, in what they emit while a stream is open.
TITLE_EVENT = "stream.title"
#: What decoders are called by that know a MIME type under another name.
MIME_EXTENSIONS = {
    "audio/aac": "aac",
    "audio/aacp": "aac",
    "audio/aiff": "aiff",
    "audio/flac": "flac",
    "audio/m4a": "m4a",
    "audio/mp3": "mp3",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/opus": "opus",
    "audio/vnd.wave": "wav",
    "audio/wav": "wav",
    "audio/wave": "wav",
    "audio/x-aiff": "aiff",
    "audio/x-flac": "flac",
    "audio/x-m4a": "m4a",
    "audio/x-mpeg": "mp3",
    "audio/x-wav": "wav",
    "application/ogg": "ogg",
}


@record
class _Title:
    """What is heard from a byte of the stream on."""

    at: int
    text: str


class SourceStream:
    """One stream as the input of one decoder after the other, as ``Media`` is. The loop's thread.

    ``index``: of the track it belongs to. ``mended``: told of each source that was replaced. It keeps itself filled
    from the first moment until it is closed.
    """

    def __init__(
        self,
        where: SourceTrack,
        index: int,
        seat: SourceSeat,
        runtime: PluginRuntime,
        bus: EventBus,
        mended: Callable[[Repair], None],
    ) -> None:
        """Nobody fills it yet, but all that is told of it is heard from here on."""
        self.where = where
        self.seat = seat
        #: What plays at this moment, as the source says; empty where it does not.
        self.title = _text(seat.opened.meta, "title")
        #: Whether it has no end: what was not heard in time is gone.
        self.live = seat.live
        self._index = index
        self._supervisor = runtime.supervisor
        self._bus = bus
        self._mended = mended
        self._complaint: MediaError | None = None
        self._closed = False
        self._ends, self._told = bus.subscribe(StageEnded), bus.subscribe(PluginEmitted)
        self._keeping: asyncio.Task[None] | None = None

    @property
    def label(self) -> str:
        """What a decoder may call it."""
        return label_of(self.where)[-MAX_LABEL:]

    @property
    def extension(self) -> str:
        """What it most likely holds, as the source says or else its name does; empty where nobody says."""
        meta = self.seat.opened.meta
        told = _text(meta, "extension").lower().removeprefix(".")
        mime = _text(meta, "mime").partition(";")[0].strip().lower()
        return told or MIME_EXTENSIONS.get(mime, "") or extension_of(short_name(self.where))

    @property
    def seeks(self) -> bool:
        """Whether it can be read from any place, again and again."""
        return self.seat.opened.seeks

    @property
    def failure(self) -> StellaError | None:
        """Why no more bytes will come where its reader is; None while they may.

        A source that could not read ahead is asked again where the reader asks.
        """
        if self.seat.failure is not None or self._complaint is None:
            return self.seat.failure
        try:
            return self._complaint if self.seat.stream.words().failure else None
        except StreamError:
            return None

    @property
    def waits(self) -> bool:
        """Whether its reader waits for bytes, and they may still come."""
        try:
            words = self.seat.stream.words()
        except StreamError:
            return False
        return words.waits or (words.read_pos >= words.write_pos and not words.ended and not words.failure)

    @property
    def closed(self) -> bool:
        """Whether nobody may read it any more."""
        return self._closed

    @property
    def use(self) -> StageUse:
        """Who fills it now."""
        return self.seat.use

    async def renew(self) -> Swapped:
        """Its source goes over to the active generation. Raises: StellaError: the old one works on."""
        before = self.use
        await self.seat.swap()
        self.exchanged(before, "restarted as asked")
        now = self.use
        return Swapped(now.name, before.generation, now.generation, before.pid, now.pid, 0)

    def exchanged(self, before: StageUse, cause: str) -> None:
        """Its source is another one than before, as somebody wished: that is told."""
        self._tell(before, cause, planned=True)

    async def begin(self) -> None:
        """It fills itself. Raises: what ``Source.attach`` raises; then the source is still the caller's."""
        try:
            await self.seat.begin()
        except BaseException:
            self._let_go()
            raise
        self._keeping = asyncio.get_running_loop().create_task(self._keep())

    def close(self) -> None:
        """Lets go of all of it; twice is fine."""
        if not self._closed:
            if self._keeping is not None:
                self._keeping.cancel()
            self.seat.close_soon()
            self._let_go()

    # ---- inside ----

    def _let_go(self) -> None:
        self._closed = True
        self._ends.close()
        self._told.close()
        self.seat.stream.close()

    async def _keep(self) -> None:
        """Until it is closed, or nobody can fill it any more."""
        async with asyncio.TaskGroup() as group:
            for work in (self._mend_on(), self._hear_ends(), self._hear_titles()):
                group.create_task(work)

    async def _mend_on(self) -> None:
        while self.seat.failure is None and not self.seat.retired:
            await asyncio.wait((self.seat.instance.worker.exited,))
            if self.seat.lost:
                await self._mend()

    async def _hear_ends(self) -> None:
        async for fact in self._ends:
            if self._is_ours(fact.plugin_id, fact.instance) and fact.epoch == self.seat.epoch:
                self._ended(fact)

    async def _hear_titles(self) -> None:
        """A title holds from the byte on that its source says, once the decoder has come there."""
        coming: deque[_Title] = deque(maxlen=MOST_TITLES)
        while not self._closed:
            with suppress(TimeoutError, StopAsyncIteration):
                async with asyncio.timeout(TITLE_LOOK_S if coming else None):
                    fact = await anext(self._told)
                    if self._is_ours(fact.plugin_id, fact.instance):
                        coming.extend(self._titles_in(fact.value))
            while coming and coming[0].at <= self._read_to:
                self._call_it(coming.popleft().text)

    def _is_ours(self, plugin_id: PluginId, instance: InstanceId) -> bool:
        return (plugin_id, instance) == (self.seat.filler.plugin_id, self.seat.filler.id)

    def _titles_in(self, value: Json) -> Iterator[_Title]:
        """What the plugin says of its stream while it serves it; it counts its own bytes."""
        if isinstance(value, dict) and value.get("type") == TITLE_EVENT:
            offset = value.get("offset")
            at = self.seat.begun_at + offset if type(offset) is int else 0
            yield _Title(at, _text(value, "title"))

    @property
    def _read_to(self) -> int:
        """So many bytes the decoder has taken. A stream that is closed has nobody to wait for."""
        try:
            return self.seat.stream.words().read_pos
        except StreamError:
            return 1 << 64

    def _call_it(self, title: str) -> None:
        if title != self.title:
            self.title = title
            self._bus.publish(TrackTitled(self._index, self.label, title))

    def _ended(self, fact: StageEnded) -> None:
        worker = self.seat.instance.worker
        match fact.reason:
            case StopReason.PLUGIN_ERROR:  # its reader learns it from the stream, when it comes to that place
                self._complaint = MediaError(fact.text or "the source failed without a word")
            case StopReason.CONTRACT:
                worker.condemn(fact.text or "broke the contract")
            case StopReason.RING:
                self._give_up(RingsBroken("the stream holds impossible positions", remedy="see the crashes"))

    async def _mend(self) -> None:
        """Until somebody fills it again, or nobody can."""
        seat, before = self.seat, self.use
        cause = cause_of(examine(seat.instance.worker, seat.instance.worker.exited.result()))
        try:
            if not seat.can_go_on:
                text = f"{before.plugin_id} {cause}, and nobody can read this stream from its middle on"
                raise MediaError(text, remedy="play it again")
            while seat.lost:
                if not await self._supervisor.permitted(before.plugin_id):
                    raise MediaError(f"{before.plugin_id} {cause}, and is in quarantine", remedy="see the crashes")
                try:
                    if not await seat.replace():
                        return
                except RingsBroken:
                    raise
                except StellaError as error:
                    if not counted(error):
                        raise
        except StellaError as error:
            self._give_up(error)
        else:
            self._tell(before, cause, planned=False)

    def _give_up(self, error: StellaError) -> None:
        """No more bytes will come: the reader gets what is there, and then an error."""
        seat = self.seat
        seat.failure = error
        seat.stream.abandon(StatusCode.IO)
        self._bus.publish(StageGivenUp(seat.name, seat.instance.plugin_id, seat.instance.id, str(error)))

    def _tell(self, before: StageUse, cause: str, *, planned: bool) -> None:
        now, grade = self.use, Grade.SHORT_GAP if self.live else Grade.ABSORBED
        self._mended(
            Repair(
                now.name,
                now.plugin_id,
                now.type_id,
                before.generation,
                now.generation,
                0,
                grade,
                cause,
                planned=planned,
            )
        )


Readable: TypeAlias = Media | SourceStream


def failure_of_source(media: Readable) -> StellaError | None:
    """Why no more bytes will come, where a source serves them and has given up."""
    return media.failure if isinstance(media, SourceStream) else None


def _text(members: JsonObject, name: str) -> str:
    value = members.get(name)
    return printable(value.strip()[:MAX_TITLE]).strip() if isinstance(value, str) else ""
