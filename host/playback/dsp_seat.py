"""One effect of the chain: its place between two rings, its checkpoints, and what stands in when it is late.

A successor of a dead effect imports the newest checkpoint that can be used, replays the input since, and goes on at the
very frame: nobody can tell. Where that takes too long, or the plugin is not to be trusted, a dry stage passes the
music on, and the effect comes back with a ramp.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from abi.kinds import CapabilityKind
from abi.wire import Join
from host.capabilities import Dsp
from host.errors import OutputError, PluginRefused, StellaError, Supervised
from host.playback.deadly_place import DeadlyPlace
from host.playback.deaths import own_doing
from host.playback.dry_seat import DRY_PLUGIN, DryableSeat
from host.playback.seat import NotAtWork, Outdated, Remade, honest_words, words_of
from host.playback.sizes import checkpoint_frames, on_grid
from host.playback.stage_spec import StageSpec
from host.playback.succession import Admission, Begin
from host.runtime import Instance, PluginRuntime, hand_over
from shm_audio import Checkpoints, CheckpointSlot, RingWords

__all__ = ["DRY_PLUGIN", "DspSeat"]

POISON_S = 0.1


class DspSeat(DryableSeat):
    """An effect, or the dry stage in its place."""

    def __init__(
        self, runtime: PluginRuntime, spec: StageSpec, dsp: Dsp, *, protective: bool, checkpoint_bytes: int
    ) -> None:
        """Takes over the effect, and the files of its configuration. Raises: ShmError: no memory for checkpoints."""
        super().__init__(spec.name, dsp, protective=protective)
        self.spec = spec
        self.latency_frames = dsp.latency_frames
        self._runtime = runtime
        self._checkpoints = Checkpoints(checkpoint_bytes)
        self._refused_slots: set[int] = set()
        self._deadly = DeadlyPlace()

    async def start(self) -> None:
        """Joins its rings for the first time. One that died meanwhile is left to recovery."""
        self._origin = self.position
        if self.left_out or self.missing:
            await self.begin_dry()
            return
        async with self.lock:
            self._worked = True
            with suppress(Supervised):
                await self._attach(self._dsp, self.position, Begin(None, Join.NONE), self.spec)

    async def begin_anew(self) -> None:
        """For who has the lock, the rings set to another position and nobody in them: works there without a past.

        One that cannot forget makes room for a new instance; of one that dies, a successor begins there.
        """
        self._epoch += 1
        self._origin = self.position
        self._deadly = DeadlyPlace()
        self.read_anew()
        if self.lost:
            return
        try:
            await self._forget_past()
            spec = self.spec if self._dry is None else self._dry_spec
            await self._attach(self._occupant, self.position, Begin(None, Join.NONE), spec)
            if self.left_out and self._dry is None:  # it was on its way out
                self._dry_from = await self._dsp.fade(self._join_frames, self.delay_frames)
        except Supervised:
            return  # dead by now
        except StellaError as error:
            self.instance.worker.terminate(f"would not begin anew: {error}")

    async def _forget_past(self) -> None:
        try:
            await self._occupant.reset()
        except PluginRefused:
            if self._dry is not None:
                raise
            fresh = await self._made(self.spec, may_shift=False)
            self._dsp.instance.destroy_soon()
            self._dsp = fresh

    async def successor(self) -> Dsp:
        """A fresh instance of the effect in its active generation, not in place yet.

        Raises:
            OutputError: it delays the programme by another time than the one before. And what ``create`` raises.
        """
        return await self._made(self.spec, may_shift=False)

    async def _made(self, spec: StageSpec, *, may_shift: bool) -> Dsp:
        made = Dsp(await self._create(spec))
        fits = may_shift and made.latency_frames <= self._inp.format.history_frames
        if made.latency_frames != self.latency_frames and not fits:
            await made.destroy()
            raise OutputError(
                f"{self.name} ({spec.plugin_id}) now delays by {made.latency_frames} frames, "
                f"not by {self.latency_frames}",
                remedy="start the playback again",
            )
        return made

    def poisoned(self) -> bool:
        """To be called for a death inside ``process`` that nobody from outside caused: whether it is the second here.

        Then the input at this place kills the effect: it is left out for a while, and no successor ever sees it.
        """
        fmt = self._inp.format
        return self._deadly.died(self.position, int(fmt.sample_rate_hz * POISON_S), fmt.block_frames)

    @property
    def dry_until(self) -> int:
        """The end of the place that killed the effect twice; 0 when there was none."""
        return self._deadly.end

    async def admit(self, successor: Dsp) -> Admission | None:
        """Puts a successor in place: of the dead effect at the very frame, of the dry stage with a ramp.

        None when the effect lives, or is left out: the successor is destroyed then.

        Raises:
            Outdated: the configuration was changed meanwhile; the successor is destroyed.
            StellaError: the successor failed and is destroyed, or the dead one left impossible positions.
        """
        return await self._admit(successor, None)

    async def _admit(self, successor: Dsp, changed: StageSpec | None) -> Admission | None:
        async with self.turn(successor):
            spec = changed or self.spec
            if changed is None:
                await self._expect_current(successor)
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
                ramps = dry is not None or self._deadly.holds(position)
                join = self._ramp if ramps else self._join_of(slot)
            except BaseException:
                await successor.destroy()
                raise
            try:
                await self._attach_or_destroy(successor, position, Begin(slot, join), spec)
            except StellaError:
                if dry is not None and not self.lost:
                    await dry.release(self._epoch)
                raise
            self._dsp, self._dry, self.dry_since = successor, None, None
            self.adopt(spec)
            self.latency_frames = self.delay_frames = successor.latency_frames
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
            await self._attach_or_destroy(
                dry, position, Begin(None, Join.SETTLE, self._floor_of_delay(position)), stand_in.spec
            )
            self._sit_dry(stand_in, position + self._join_frames)
            if self.dry_since is None and not self.left_out:
                self.dry_since = position
            return position

    async def swap(self, successor: Dsp) -> int:
        """Successor first: it goes on at the very frame at which the old one is held; says where.

        Raises:
            Outdated: the configuration was changed meanwhile; the successor is destroyed.
            StellaError: the successor failed and is destroyed; the old one works on.
        """
        async with self.turn(successor):
            await self._expect_current(successor)
            if self.left_out:
                await successor.destroy()
                return self.position

            async def begin(position: int) -> Begin:
                slot, _ = self._start_of_replay(position)
                return Begin(slot, self._join_of(slot))

            return await self._follow(successor, self.spec, begin)

    # ---- another configuration ----

    @property
    def updatable(self) -> Instance:
        """The effect's, which another configuration is for. Raises: NotAtWork while it is dead or bypassed."""
        if self._dry is not None:
            raise NotAtWork(f"{self.name} is bypassed")
        return super().updatable

    def adopt(self, spec: StageSpec) -> None:
        """The effect took this in place: so will its successors. Checkpoints of before are of no use any more."""
        before, self.spec = self.spec, spec
        if spec.files is not before.files:
            before.files.close()
        self._refused_slots.clear()

    async def recreate(self, spec: StageSpec, *, may_shift: bool = True) -> Remade:
        """Another instance with another configuration goes on with the running state, or with what it hears again.

        ``may_shift``: it may delay the programme by another time; so much of it is then heard twice, or not at all.

        Raises:
            StellaError: it failed and is destroyed; what was there works on.
        """
        successor = await self._made(spec, may_shift=may_shift)
        if self.left_out:
            await successor.destroy()
            async with self.lock:
                self.adopt(spec)
            return Remade(None, "it is left out, and takes it when it comes back")
        if self.bypassed:
            admission = await self._admit(successor, spec)
            if admission is not None:
                return Remade(admission.position, "it was bypassed")
            successor = await self._made(spec, may_shift=may_shift)
        note = ""
        async with self.turn(successor):

            async def begin(position: int) -> Begin:
                nonlocal note
                note = await hand_over(self._dsp.instance, successor.instance)
                return Begin(None, self._join_of(None)) if note else Begin(None, Join.NONE, position)

            return Remade(await self._follow(successor, spec, begin), note)

    async def _follow(self, successor: Dsp, spec: StageSpec, begin: Callable[[int], Awaitable[Begin]]) -> int:
        """Holds the old one, and puts the successor in its place, in the way that ``begin`` says."""
        old = self._dsp
        try:
            position = await old.hold()
        except BaseException:
            await successor.destroy()
            raise
        try:
            how = await begin(position)
        except BaseException:
            await successor.destroy()
            await self._go_on(old)
            raise
        try:
            await self._attach_or_destroy(successor, position, how, spec)
        except StellaError:
            if self.position != position:  # it had begun: the old one's past is not its any more
                old.instance.worker.terminate("its successor died in its place")
            else:
                await self._go_on(old)
            raise
        self._dsp = successor
        self.latency_frames = self.delay_frames = successor.latency_frames
        self.adopt(spec)
        old.instance.destroy_soon()
        return position

    async def _go_on(self, held: Dsp) -> None:
        if not self.lost:
            await held.release(self._epoch)

    async def _expect_current(self, successor: Dsp) -> None:
        """Raises: Outdated, and it is destroyed: the configuration that it was made with is not in force any more."""
        if successor.instance.config != self.spec.config:
            await successor.destroy()
            raise Outdated(f"{self.name} was given another configuration meanwhile")

    async def close(self) -> None:
        """Ends effect and dry stage, then lets go of the checkpoints; twice is fine."""
        await super().close()
        self._checkpoints.close()
        self.spec.files.close()

    # ---- inside ----

    async def _create(self, spec: StageSpec) -> Instance:
        fmt = self._inp.format
        with spec.files.copy() as files:  # its own may be closed meanwhile
            return await self._runtime.create(
                spec.plugin_id,
                CapabilityKind.DSP,
                spec.type_id,
                spec.config,
                rate=fmt.sample_rate_hz,
                channels=fmt.channels,
                files=files.grants,
            )

    def _checked(self) -> RingWords:
        """The output's words, once those of both sides can be. Raises: RingsBroken."""
        return honest_words(self._inp, self._out, f"{self.name} ({self.instance.plugin_id})")

    def _start_of_replay(self, position: int) -> tuple[CheckpointSlot | None, bool]:
        """The checkpoint to begin from, and whether what comes of it is exact.

        An effect that exports nothing is taken to remember no more than the history, which it hears again.
        """
        retain = words_of(self._inp).retain_pos
        for slot in self._checkpoints.slots():
            usable = (
                slot.index not in self._refused_slots
                and (slot.epoch, slot.config_gen) == (self._epoch, self.spec.config_gen)
                and max(retain, self._deadly.floor(position)) <= slot.position <= position
                and slot.position % self._inp.format.block_frames == 0
                and slot.position >= self.inlet.true_from
            )
            if usable:
                return slot, True
        heard_all = retain == self._origin or not self._dsp.exports_state
        return None, heard_all and self._deadly.floor(position) == 0 and self.inlet.true_from <= retain

    @property
    def _ramp(self) -> Join:
        """From the dry signal; where what follows relies on the effect, from silence, as before a death."""
        silent = self._protective and (self._dry is None or self._dry_delays is None)
        return Join.RISE if silent else Join.RAMP

    def _join_of(self, slot: CheckpointSlot | None) -> Join:
        """Where not all that was ever heard is heard again, a step may be left that has to settle."""
        retain = words_of(self._inp).retain_pos
        whole = slot is not None or self.inlet.true_from <= retain == self._origin
        return Join.NONE if whole else Join.SETTLE

    async def _attach_or_destroy(self, dsp: Dsp, position: int, begin: Begin, spec: StageSpec) -> None:
        self.coming = dsp.instance
        try:
            await self._attach(dsp, position, begin, spec)
        except BaseException as error:
            if begin.slot is not None and isinstance(error, StellaError) and own_doing(error):
                self._refused_slots.add(begin.slot.index)
            await dsp.destroy()
            raise
        finally:
            self.coming = None
        self._refused_slots.clear()

    async def _attach(self, dsp: Dsp, position: int, begin: Begin, spec: StageSpec) -> None:
        fmt, slot, following = self._inp.format, begin.slot, self._yet_to_follow()
        retained = on_grid(words_of(self._inp).retain_pos, fmt.block_frames)
        start = min(position, max(retained, self._deadly.floor(position), begin.floor))
        await dsp.attach(
            self._inp,
            self._out,
            epoch=self._epoch,
            config_gen=spec.config_gen,
            wake_frames=self.inlet.wake_frames,
            checkpoints=self._checkpoints,
            checkpoint_frames=0 if dsp.instance.plugin_id == DRY_PLUGIN else checkpoint_frames(fmt),
            state_slot=-1 if slot is None else slot.index,
            replay_from=start if slot is None else slot.position,
            join=begin.join,
            join_at=self._deadly.end if self._deadly.holds(position) else 0,
            join_frames=self._join_frames,
            join_latency_frames=self.delay_frames,
        )
        await self._tell(dsp, following)
