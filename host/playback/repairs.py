"""What recovery did to a pipeline, as facts: who was replaced where, at what cost to the listener."""

from __future__ import annotations

from enum import StrEnum

from host.events import StageMended
from host.ids import Generation, PluginId, TypeId
from host.playback.faults import Fault
from host.records import record

__all__ = ["Grade", "Repair", "Swapped", "fault_of", "rebuilt", "told"]


class Grade(StrEnum):
    """What the listener hears of a fault, as in FAULTS.md."""

    ABSORBED = "A"
    BYPASS = "B"
    SHORT_GAP = "C"


@record
class Repair:
    """One replacement. Frames are positions of the pipeline's clock.

    ``first``, ``last``: the span that is not what an undisturbed run gives; None where there is none. ``gap_frames``:
    how many frames were lost there. ``planned``: somebody asked for it, nothing had failed.
    """

    stage: str
    plugin_id: PluginId
    type_id: TypeId
    old_generation: Generation
    generation: Generation
    position: int
    grade: Grade
    cause: str
    first: int | None = None
    last: int | None = None
    gap_frames: int = 0
    planned: bool = False


@record
class Swapped:
    """One place that went to another generation because somebody asked for it."""

    name: str
    old_generation: Generation
    new_generation: Generation
    old_pid: int
    new_pid: int
    frames_lost: int


def told(repair: Repair) -> StageMended:
    """The fact that it was done."""
    return StageMended(
        repair.stage,
        repair.plugin_id,
        repair.type_id,
        repair.old_generation,
        repair.generation,
        repair.position,
        repair.grade,
        repair.cause,
        repair.first,
        repair.last,
        repair.gap_frames,
        repair.planned,
    )


def fault_of(repair: Repair, rate_hz: int) -> Fault | None:
    """What a user is told of it; None for what nobody can hear, or asked for and did not lose by."""
    if repair.grade is Grade.ABSORBED or (repair.planned and not repair.gap_frames):
        return None
    at = f"{(repair.position if repair.first is None else repair.first) / rate_hz:.2f} s"
    if repair.grade is Grade.BYPASS:
        first, last = repair.first or 0, repair.last or 0
        length = f"{(last - first + 1) / rate_hz:.2f} s"
        text = (
            f"{repair.stage} ({repair.plugin_id}): {repair.cause}; the music went on without it for {length} from {at}"
        )
        return Fault("bypassed", text, spoils=True)
    text = f"{repair.stage} ({repair.plugin_id}): {repair.cause}; {repair.gap_frames} frames were lost at {at}"
    return Fault("gap", text, spoils=repair.gap_frames > 0)


def rebuilt(origin: int) -> Repair:
    """The whole pipeline was built anew at ``origin``: effects know nothing of what was before."""
    return Repair(
        "pipeline",
        PluginId("stellatune"),
        TypeId("pipeline"),
        Generation(0),
        Generation(0),
        origin,
        Grade.SHORT_GAP,
        "built anew, as its rings held impossible positions",
        first=origin,
        last=origin,
    )
