"""The place of a source behind one stream: the byte stream stays, who fills it may be replaced.

What a successor needs is the track as the source was asked for it. It goes on where the bytes that are there end, or
where the reader has asked for meanwhile; whoever reads them never notices.
"""

from __future__ import annotations

from collections.abc import Callable

from abi.kinds import CapabilityKind
from host.capabilities import OpenedStream, Source
from host.errors import MediaError, StellaError, Supervised
from host.jsontext import JsonObject
from host.playback.seat import Remade, RingsBroken, Seat
from host.playback.stage_spec import StageSpec
from host.runtime import Instance, Plan, PluginRuntime, apply_update, hand_over, plan_update
from shm_audio import ByteStream, StreamError

__all__ = ["SourceSeat", "made_source"]


async def made_source(runtime: PluginRuntime, spec: StageSpec) -> Source:
    """An instance for one track alone. Raises: what ``PluginRuntime.create`` raises."""
    kind = CapabilityKind.SOURCE_CATALOG
    return Source(await runtime.create(spec.plugin_id, kind, spec.type_id, spec.config))


class SourceSeat(Seat):
    """One source at a time, from the first byte to the end of the track. Positions are bytes."""

    def __init__(
        self,
        runtime: PluginRuntime,
        spec: StageSpec,
        track: JsonObject,
        source: Source,
        opened: OpenedStream,
        stream: ByteStream,
        adopted: Callable[[StageSpec], None],
    ) -> None:
        """Takes over ``source``, which has ``track`` open and is not attached yet, and the stream it is to fill.

        ``adopted`` is told of the configuration that it is made with from then on.
        """
        super().__init__("source")
        self.spec = spec
        self.opened = opened
        self.stream = stream
        self._runtime = runtime
        self._track = track
        self._source = source
        #: Whose words of the stream count: it may say something before it is known to be attached.
        self.filler = source.instance
        #: Where its source began: what it counts, it counts from there.
        self.begun_at = 0
        self._adopted = adopted

    @property
    def live(self) -> bool:
        """Whether it has no end: what was not heard in time is gone, and nobody counts its bytes."""
        return self.opened.meta.get("live") is True

    @property
    def can_go_on(self) -> bool:
        """Whether somebody else can fill the stream from its middle on: by a seek, or by reading again what is known to
        be the same."""
        same = self.opened.size_bytes is not None or self.opened.meta.get("version") is not None
        return self.opened.seeks or self.live or same

    @property
    def instance(self) -> Instance:
        """The source's that fills the stream."""
        return self._source.instance

    @property
    def position(self) -> int:
        """Bytes that are there. Raises: RingsBroken."""
        try:
            return self.stream.words().write_pos
        except StreamError as error:
            raise RingsBroken(f"{self.name}: {error}") from error

    async def begin(self) -> None:
        """The source begins to fill the stream. Raises: what ``Source.attach`` raises."""
        async with self.lock:
            await self._attach(self._source)

    def adopt(self, spec: StageSpec) -> None:
        """Successors are made with it."""
        self.spec = spec
        self._adopted(spec)

    # ---- who dies, is exchanged, or takes another configuration ----

    async def replace(self) -> bool:
        """A successor goes on where the dead one stopped. False when nobody is dead here any more.

        Raises:
            StellaError: nobody could be put there this time.
        """
        async with self.lock:
            if not self.lost:
                return False
            await self.fence()
            fresh = await self._successor(self.spec)
            try:
                await self._attach(fresh)
            except BaseException:
                await fresh.instance.destroy()
                raise
            self._source = fresh
            return True

    async def swap(self) -> Remade:
        """Successor first. Raises: StellaError: the old one works on."""
        return await self._exchange(self.spec)

    async def recreate(self, spec: StageSpec) -> Remade:
        """Another source, with another configuration, fills the stream from here on. Raises: as ``swap``."""
        remade = await self._exchange(spec)
        self.adopt(spec)
        return remade

    async def plan(self, config: JsonObject) -> Plan:
        """As ``Seat.plan``; who is asked does not read meanwhile, and may have to give up what it waits for."""
        async with self.lock:
            instance = self.updatable
            await self._source.detach()
            try:
                return await plan_update(instance, config)
            finally:
                await self._go_on()

    async def apply(self, spec: StageSpec, plan: Plan) -> int:
        """As ``Seat.apply``; the position is the byte from which on it holds."""
        async with self.lock:
            instance = self.updatable
            await self._source.detach()
            try:
                await apply_update(instance, spec.config, spec.config_gen, plan.cost)
                self.adopt(spec)
            finally:
                await self._go_on()
            return self.position

    async def let_go(self) -> None:
        """Nothing to be done: no clock is set here."""

    async def close(self) -> None:
        """Ends the source; twice is fine."""
        self.retired = True
        await self.instance.destroy()

    def close_soon(self) -> None:
        """As ``close``, which then happens by itself."""
        self.retired = True
        self.instance.destroy_soon()

    async def _exchange(self, spec: StageSpec) -> Remade:
        async with self.lock:
            old, note = self._source, ""
            instance = self.updatable
            if not self.can_go_on:
                raise MediaError("nobody can read this stream from its middle on", remedy="wait until it has ended")
            fresh = await self._successor(spec)
            try:
                self.coming = fresh.instance
                await old.detach()
                if fresh.instance.config != instance.config:
                    note = await hand_over(instance, fresh.instance)
                position = await self._attach(fresh)
            except BaseException:
                await fresh.instance.destroy()
                await self._go_on()
                raise
            finally:
                self.coming = None
            self._source = fresh
            await instance.destroy()
            return Remade(position, note)

    async def _go_on(self) -> None:
        """Whoever was taken off the stream fills it again. One that is dead is followed by its successor."""
        if not self.lost:
            try:
                await self._attach(self._source)
            except Supervised:
                return
            except StellaError as error:
                self.instance.worker.terminate(f"would not go on with its stream: {error}")

    async def _attach(self, source: Source) -> int:
        self._epoch += 1
        self.filler = source.instance
        try:
            position = await source.attach(self.stream, self._epoch, counted=not self.live)
        except BaseException:
            self.filler = self._source.instance
            raise
        if source is not self._source and self.live:
            self.begun_at = position
        return position

    async def _successor(self, spec: StageSpec) -> Source:
        """One that has the same track open. Raises: MediaError: it is not the same any more."""
        fresh = await made_source(self._runtime, spec)
        try:
            opened = await fresh.open_stream(self._track)
            if not isinstance(opened, OpenedStream) or not _continues(self.opened, opened):
                raise MediaError("it has changed while it was played", remedy="play it again")
        except BaseException:
            await fresh.instance.destroy()
            raise
        return fresh


def _continues(before: OpenedStream, now: OpenedStream) -> bool:
    """Whether the bytes are the same, and can be read from where they are to go on."""
    same = before.size_bytes == now.size_bytes and before.meta.get("version") == now.meta.get("version")
    return same and now.seeks >= before.seeks
