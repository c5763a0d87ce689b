"""What was done to the stages of a pipeline, written down and told: new occupants, bypasses, who was given up."""

from __future__ import annotations

from host.errors import StellaError
from host.events import EventBus, StageBypassed, StageGivenUp
from host.ids import Role
from host.playback.dsp_seat import DspSeat
from host.playback.graph import Pipeline
from host.playback.repairs import Grade, Repair, told
from host.playback.seat import Seat
from host.playback.stage_use import StageUse
from host.playback.succession import Admission
from host.supervise import Supervisor

__all__ = ["RepairLog"]


class RepairLog:
    """Of one pipeline. ``causes``: why each seat needed somebody new last."""

    def __init__(self, pipeline: Pipeline, supervisor: Supervisor, bus: EventBus) -> None:
        self.paced = not pipeline.pacing.batched
        self.causes: dict[Seat, str] = {}
        self._pipeline = pipeline
        self._supervisor = supervisor
        self._bus = bus
        self._repairs: list[Repair] = []

    @property
    def repairs(self) -> tuple[Repair, ...]:
        """Everything that was done so far, and what is still bypassed, up to where the music stands."""
        heard = self._pipeline.last_position
        open_ones = [
            self.repair(seat, seat.use, Grade.BYPASS, seat.dry_since, seat.dry_since, max(seat.dry_since, heard - 1))
            for seat in self._pipeline.dsps
            if seat.dry_since is not None
        ]
        return (*self._repairs, *open_ones)

    def repair(
        self,
        seat: Seat,
        before: StageUse,
        grade: Grade,
        position: int,
        first: int | None = None,
        last: int | None = None,
    ) -> Repair:
        """A new occupant at ``position``, in the words of ``Repair``."""
        now = seat.use
        plugin, kind = (
            (seat.spec.plugin_id, seat.spec.type_id) if isinstance(seat, DspSeat) else (now.plugin_id, now.type_id)
        )
        cause = self.causes.get(seat, "")
        return Repair(seat.name, plugin, kind, before.generation, now.generation, position, grade, cause, first, last)

    def tell(self, repair: Repair) -> None:
        """It was done."""
        self._repairs.append(repair)
        if not repair.planned and repair.grade is Grade.SHORT_GAP:
            self._supervisor.audible(repair.plugin_id, Role.PLAY)
        self._bus.publish(told(repair))

    def admitted(self, seat: DspSeat, before: StageUse, admission: Admission, dry_until: int = 0) -> None:
        """An effect is at work: whether it was left out until then, or is ``dry_until`` a place that killed it."""
        first, last = admission.dry_since, max(admission.alone_from, dry_until) - 1
        if first is None and (dry_until or not admission.exact):
            first = admission.position
        if first is None or last < first:
            self.tell(self.repair(seat, before, Grade.ABSORBED, admission.position))
        else:
            self.tell(self.repair(seat, before, Grade.BYPASS, admission.position, first, last))

    def leaves(self, seat: DspSeat) -> None:
        """Somebody wishes it to be left out: a bypass that was not wished for ends here, and is told."""
        if seat.dry_since is not None:
            first, at = seat.dry_since, seat.position
            self.tell(self.repair(seat, seat.use, Grade.BYPASS, at, first, max(first, at - 1)))
            seat.dry_since = None

    def bypassed(self, seat: DspSeat, position: int) -> None:
        """The music goes on without an effect; who listens may hear that."""
        if self.paced:
            self._supervisor.audible(seat.spec.plugin_id, Role.PLAY)
        self._bus.publish(StageBypassed(seat.name, seat.spec.plugin_id, position, self.causes.get(seat, "")))

    def give_up(self, seat: Seat, error: StellaError) -> None:
        """Nobody will work there any more."""
        seat.failure = error
        self._bus.publish(StageGivenUp(seat.name, seat.instance.plugin_id, seat.instance.id, str(error)))
