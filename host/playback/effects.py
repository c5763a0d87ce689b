"""What can be shown of an effect of the chain, whoever works in its place just now."""

from __future__ import annotations

from enum import StrEnum

from host.ids import Generation, PluginId, TypeId
from host.jsontext import JsonObject
from host.playback.dsp_seat import DspSeat
from host.records import record

__all__ = ["Effect", "Heard", "effect_of"]


class Heard(StrEnum):
    """Whether an effect is heard, and if not, who wants it so."""

    YES = "yes"
    LEFT_OUT = "left_out"
    MISSING = "missing"


@record
class Effect:
    """``generation`` and ``pid`` are of who works in its place: the dry stage's while it is not heard.

    ``latency_frames``: by how much the programme is delayed there now.
    """

    name: str
    plugin_id: PluginId
    type_id: TypeId
    generation: Generation
    pid: int
    latency_frames: int
    heard: Heard
    config: JsonObject


def effect_of(seat: DspSeat) -> Effect:
    """As it is at this moment."""
    heard = Heard.LEFT_OUT if seat.left_out else Heard.MISSING if seat.bypassed else Heard.YES
    use, spec = seat.use, seat.spec
    return Effect(
        spec.name, spec.plugin_id, spec.type_id, use.generation, use.pid, seat.delay_frames, heard, spec.config
    )
