"""One effect of the chain: its place between two rings, its checkpoints, and what stands in when it is late.

A successor of a dead effect imports the newest checkpoint that can be used, replays the input since, and goes on at the
very frame: nobody can tell. Where that takes too long, or the plugin is not to be trusted, a dry stage passes the
music on, and the effect comes back with a ramp.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from abi.kinds import CapabilityKind
from abi.wire import Join
from host.capabilities import Dsp
from host.errors import OutputError, StellaError, Supervised
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.playback.deaths import own_doing
from host.playback.dry_seat import DRY_PLUGIN, DryableSeat
from host.playback.seat import RingsBroken, words_of
from host.playback.sizes import checkpoint_frames, on_grid
from host.playback.stage_spec import StageSpec
from host.runtime import Instance, PluginRuntime
from shm_audio import Checkpoints, CheckpointSlot, RingWords

__all__ = ["DRY_PLUGIN", "Admission", "DspSeat"]

POISON_S = 0.1


@dataclass(frozen=True, slots=True)
class Admission:
    """An effect is back at ``position``. ``exact``: nobody can tell; ``dry_since``: from there on it was bypassed.

    ``alone_from``: up to there it is joined to what came before, from there on it is heard alone.
    """

    position: int
    alone_from: int
    exact: bool
    dry_since: int | None


class DspSeat(DryableSeat):
    """An effect, or the dry stage in its place."""

    def __init__(
        self, runtime: PluginRuntime, spec: StageSpec, dsp: Dsp, *, protective: bool, checkpoint_bytes: int
    ) -> None:
        """Takes over the effect. Raises: ShmError when there is no memory for checkpoints."""
        super().__init__(spec.name, dsp, protective=protective)
        self.spec = spec
        self.latency_frames = dsp.latency_frames
        self._runtime = runtime
        self._checkpoints = Checkpoints(checkpoint_bytes)
        self._config_gen = 1
        self._refused_slots: set[int] = set()
        self._deaths_at: tuple[int, int] = (-1, 0)
        self._poison = (0, 0)
        self._poison_before = 0

    async def start(self) -> None:
        """Joins its rings for the first time. One that died meanwhile is left to recovery."""
        self._origin = self.position
        if self.left_out:
            await self.enter(await self.stand_in())
            return
        async with self.lock:
            self._worked = True
            with suppress(Supervised):
                await self._attach(self._dsp, None, self.position, Join.NONE)

    async def successor(self) -> Dsp:
        """A fresh instance of the effect in its active generation, not in place yet.

        Raises:
            OutputError: it delays the programme by another time than the one before. And what ``create`` raises.
        """
        made = Dsp(await self._create(self.spec.plugin_id, self.spec.type_id, self.spec.config))
        if made.latency_frames != self.latency_frames:
            await made.destroy()
            raise OutputError(
                f"{self.name} ({self.spec.plugin_id}) now delays by {made.latency_frames} frames, "
                f"not by {self.latency_frames}",
                remedy="start the playback again",
            )
        return made

    def poisoned(self) -> bool:
        """To be called for a death inside ``process`` that nobody from outside caused: whether it is the second here.

        Then the input at this place kills the effect: it is left out for a while, and no successor ever sees it.
        """
        place, deaths = self._deaths_at
        now = self.position
        self._deaths_at = (now, deaths + 1 if now == place else 1)
        if self._deaths_at[1] < 2:
            return False
        span = int(self._inp.format.sample_rate_hz * POISON_S)
        self._poison_before = self._poison[1]
        self._poison = (now, on_grid(now + span, self._inp.format.block_frames))
        return True

    @property
    def dry_until(self) -> int:
        """The end of the place that killed the effect twice; 0 when there was none."""
        return self._poison[1]

    async def admit(self, successor: Dsp) -> Admission | None:
        """Puts a successor in place: of the dead effect at the very frame, of the dry stage with a ramp.

        None when the effect lives, or is left out: the successor is destroyed then.

        Raises:
            StellaError: the successor failed and is destroyed, or the dead one left impossible positions.
        """
        async with self.turn(successor):
            dry, since = self._dry, self.dry_since
            if self.left_out or (dry is None and not self.lost):
                await successor.destroy()
                return None
            try:
                if self.lost:
                    await self.fence()
                elif dry is not None:
                    await dry.hold()
                position = self._checked().write_pos
                slot, exact = self._start_of_replay(position)
                join = Join.RAMP if dry is not None or self._in_poison(position) else self._join_of(slot)
            except BaseException:
                await successor.destroy()
                raise
            try:
                await self._attach_or_destroy(successor, slot, position, join)
            except StellaError:
                if dry is not None and not self.lost:
                    await dry.release(self._epoch)
                raise
            self._dsp, self._dry, self.dry_since = successor, None, None
            self.delay_frames = self.latency_frames
            if dry is not None:
                dry.instance.destroy_soon()
            joined = 0 if join is Join.NONE else self._join_frames
            return Admission(position, position + joined, exact, since)

    async def bring_in(self, candidate: Dsp) -> Admission | None:
        """It is not left out any more: it takes the dry stage's place with a ramp. What ``admit`` raises and gives."""
        retain = words_of(self._inp).retain_pos
        self.wished.clear()
        try:
            admission = await self.admit(candidate)
        except BaseException:
            self.wished.set()
            raise
        if not self._worked:  # all that it ever hears is kept
            self._origin = retain
        self._worked = True
        return admission

    async def bypass(self) -> int | None:
        """The dry stage takes the place of a dead occupant; from where, or None when somebody else was quicker.

        Raises:
            StellaError: it failed, too.
        """
        stand_in = await self.stand_in()
        dry = stand_in.dsp
        async with self.turn(dry):
            if not self.lost:
                await dry.destroy()
                return None
            try:
                await self.fence()
                words = self._checked()
            except BaseException:
                await dry.destroy()
                raise
            position = words.write_pos
            await self._attach_or_destroy(dry, None, position, Join.SETTLE, self._floor_of_delay(position))
            self._sit_dry(stand_in, position + self._join_frames)
            if self.dry_since is None and not self.left_out:
                self.dry_since = position
            return position

    async def swap(self, successor: Dsp) -> int:
        """Successor first: it goes on at the very frame at which the old one is held; says where.

        Raises:
            StellaError: the successor failed and is destroyed; the old one works on.
        """
        async with self.turn(successor):
            old = self._dsp
            if self.left_out:
                await successor.destroy()
                return self.position
            try:
                position = await old.hold()
                slot, _ = self._start_of_replay(position)
                join = self._join_of(slot)
            except BaseException:
                await successor.destroy()
                raise
            try:
                await self._attach_or_destroy(successor, slot, position, join)
            except StellaError:
                if self.position != position:  # it had begun: the old one's past is not its any more
                    old.instance.worker.terminate("its successor died in its place")
                elif not self.lost:
                    await old.release(self._epoch)
                raise
            self._dsp = successor
            old.instance.destroy_soon()
            return position

    async def close(self) -> None:
        """Ends effect and dry stage, then lets go of the checkpoints; twice is fine."""
        await super().close()
        self._checkpoints.close()

    # ---- inside ----

    async def _create(self, plugin_id: PluginId, type_id: TypeId, config: JsonObject) -> Instance:
        fmt = self._inp.format
        return await self._runtime.create(
            plugin_id, CapabilityKind.DSP, type_id, config, rate=fmt.sample_rate_hz, channels=fmt.channels
        )

    def _checked(self) -> RingWords:
        """The output's words, once those of both sides are known to be what a stage of this kind can leave.

        Raises:
            RingsBroken: they cannot be.
        """
        inp, out = words_of(self._inp), words_of(self._out)
        block = self._inp.format.block_frames
        honest = (
            out.write_pos % block == 0
            and inp.read_pos in (out.write_pos, out.write_pos - block)
            and out.write_pos <= inp.write_pos
        )
        if not honest:
            raise RingsBroken(
                f"{self.name} ({self.instance.plugin_id}) left impossible positions: read {inp.read_pos} of "
                f"{inp.write_pos}, wrote {out.write_pos}",
                remedy="the plugin is at fault",
            )
        return out

    def _start_of_replay(self, position: int) -> tuple[CheckpointSlot | None, bool]:
        """The checkpoint to begin from, and whether what comes of it is exact.

        An effect that exports nothing is taken to remember no more than the history, which it hears again.
        """
        retain = words_of(self._inp).retain_pos
        for slot in self._checkpoints.slots():
            usable = (
                slot.index not in self._refused_slots
                and (slot.epoch, slot.config_gen) == (self._epoch, self._config_gen)
                and max(retain, self._floor(position)) <= slot.position <= position
                and slot.position % self._inp.format.block_frames == 0
                and slot.position >= self.inlet.true_from
            )
            if usable:
                return slot, True
        heard_all = retain == self._origin or not self._dsp.exports_state
        return None, heard_all and self._floor(position) == 0 and self.inlet.true_from <= retain

    def _join_of(self, slot: CheckpointSlot | None) -> Join:
        """Where not all that was ever heard is heard again, a step may be left that has to settle."""
        retain = words_of(self._inp).retain_pos
        whole = slot is not None or self.inlet.true_from <= retain == self._origin
        return Join.NONE if whole else Join.SETTLE

    def _in_poison(self, position: int) -> bool:
        return self._poison[0] <= position < self._poison[1]

    def _floor(self, position: int) -> int:
        """A successor at ``position`` may not see input before this: it would kill it."""
        return self._poison[1] if position > self._poison[0] else self._poison_before

    async def _attach_or_destroy(
        self, dsp: Dsp, slot: CheckpointSlot | None, position: int, join: Join, floor: int = 0
    ) -> None:
        self.coming = dsp.instance
        try:
            await self._attach(dsp, slot, position, join, floor)
        except BaseException as error:
            if slot is not None and isinstance(error, StellaError) and own_doing(error):
                self._refused_slots.add(slot.index)
            await dsp.destroy()
            raise
        finally:
            self.coming = None
        self._refused_slots.clear()

    async def _attach(self, dsp: Dsp, slot: CheckpointSlot | None, position: int, join: Join, floor: int = 0) -> None:
        fmt, following = self._inp.format, self._yet_to_follow()
        retained = on_grid(words_of(self._inp).retain_pos, fmt.block_frames)
        start = min(position, max(retained, self._floor(position), floor)) if slot is None else slot.position
        await dsp.attach(
            self._inp,
            self._out,
            epoch=self._epoch,
            config_gen=self._config_gen,
            wake_frames=self.inlet.wake_frames,
            checkpoints=self._checkpoints,
            checkpoint_frames=0 if dsp.instance.plugin_id == DRY_PLUGIN else checkpoint_frames(fmt),
            state_slot=-1 if slot is None else slot.index,
            replay_from=start,
            join=join,
            join_at=self._poison[1] if self._in_poison(position) else 0,
            join_frames=self._join_frames,
            join_latency_frames=self.delay_frames,
        )
        await self._tell(dsp, following)
