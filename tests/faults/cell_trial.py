"""One experiment laid out in a folder: copies of the plugin, the order, the inputs, and what its host may use."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.playback import StageSpec
from host.settings import Limits, Paths
from tests.faults.cell_kinds import KIND_FACTS, Group
from tests.faults.cells import Cell, Occasion
from tests.support.faulty import Order, copy_id, copy_plugin
from tests.support.frames import Audio, make_frames, numbered_audio, with_state
from tests.support.patient import PATIENT

__all__ = ["CHANNELS", "FAULTY", "RATE_HZ", "SHIPPED", "TYPE", "Trial", "in_media", "lay_out"]

RATE_HZ = 44_100
CHANNELS = 2
SHORT_FRAMES = 2 * RATE_HZ + 77
LONG_FRAMES = 7 * RATE_HZ + 77
NEXT_FRAMES = RATE_HZ // 2 + 5
#: A reload of the output reads a file and starts a process while this is played as fast as it goes.
RELOAD_FRAMES = 40 * RATE_HZ + 77

#: The copy that fails, and the shipped plugin, which plays the other parts of the chain.
FAULTY = PluginId(copy_id(1))
SHIPPED = PluginId("stellatune.fault")
#: Plays to the end where an input kills every decoder, the shipped one among them.
APART = PluginId(copy_id(2))
TYPE = TypeId("fault")

_MANY = 1_000_000
#: For kinds that only a limit ends: long enough for everybody else on a busy machine.
_SHORT_LIMITS = Limits(
    handshake_ms=5000,
    load_ms=1500,
    create_ms=1000,
    open_ms=1000,
    seek_ms=1000,
    read_ms=1000,
    process_ms=250,
    destroy_ms=1000,
    source_ms=1000,
    lyrics_ms=1000,
    cancel_ms=500,
    negotiate_ms=1000,
    first_write_ms=1000,
    write_ms=1000,
    query_ms=1000,
    flush_ms=1000,
    drain_ms=1000,
    shutdown_ms=500,
    terminate_ms=200,
    heartbeat_ms=300,
    heartbeat_misses=3,
)
_SHORT_SHUTDOWN = replace(PATIENT, shutdown_ms=300, terminate_ms=100)

#: In which call of its phase an instance is struck: late enough for checkpoints, and before the end.
_AT_CALL = {"read": 8, "process": 80, "export": 3, "write": 8}
#: The same where something must have been heard before.
_AT_LATE_CALL = {"read": 40, "process": 200, "export": 8, "write": 8}
#: An exit status that tells; within ``process`` no more output than a pipe takes at once, for who waits there is ended.
_ARGS = {"exit": 3.0, "_exit": 3.0}
_ARGS_IN_PROCESS = _ARGS | {"stderr_flood": 1 / 32}
_NEEDS_IMPRINT = ("constructor", "entry")


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything that the host of one cell is told. Without a fault it renders ``golden``."""

    cell: Cell
    place: Path
    order: Order
    inputs: tuple[Path, ...]
    frames: tuple[int, ...]

    @property
    def paths(self) -> Paths:
        """A host's own."""
        return Paths(*(self.place / name for name in ("config.toml", "state", "data", "cache", "run")))

    @property
    def plugins(self) -> Path:
        """Where the copy lies."""
        return self.place / "plugins"

    @property
    def kept(self) -> Path:
        """What the output kept."""
        return self.place / "kept"

    @property
    def temporary(self) -> Path:
        """For temporary files."""
        return self.place / "tmp"

    def golden(self, anew_at: Sequence[int] = ()) -> Audio:
        """What an undisturbed run gives. ``anew_at``: there effects knew nothing of what was before."""
        whole = np.concatenate([numbered_audio(0, frames, CHANNELS) for frames in self.frames])
        if self.cell.capability != "dsp":
            return whole
        parts = np.split(whole, [position * CHANNELS for position in anew_at])
        return np.concatenate([with_state(part, CHANNELS) for part in parts])

    @property
    def limits(self) -> Limits:
        """Short ones only for those whom nothing else ends."""
        by_group = {Group.HANG: _SHORT_LIMITS, Group.UNDYING: _SHORT_SHUTDOWN}
        return by_group.get(KIND_FACTS[self.cell.kind].group, PATIENT)

    @property
    def in_the_midst(self) -> int:
        """The frame of the output from which on something may happen: an effect has checkpoints by then."""
        return 16_000 if self.cell.capability == "dsp" else 2000

    @property
    def kills(self) -> bool:
        """Whether the stage must be killed once before: only a successor comes to that call."""
        return self.cell.occasion is Occasion.ONCE and self.cell.phase in ("import", "seek")

    @property
    def reloads(self) -> bool:
        """Whether the fault comes with a reload."""
        return self.cell.occasion is Occasion.RELOAD

    @property
    def leisurely(self) -> bool:
        """Whether something must happen in the midst of it, so that the output, if it is not that, takes its time."""
        return _first_frames(self.cell) > SHORT_FRAMES

    @property
    def queries(self) -> bool:
        """Whether it is about a question beside the playback."""
        return _queries(self.cell)

    def effects(self) -> tuple[StageSpec, ...]:
        """The effects of the chain."""
        if self.cell.capability != "dsp":
            return ()
        return (StageSpec("effect", FAULTY, TYPE, {"state": True} | self._order_of("dsp")),)

    def output(self) -> StageSpec:
        """The output of the chain. It is slow where something has to happen while it plays."""
        config: JsonObject = {"keep": str(self.kept)}
        if self.cell.capability == "sink" and not self.queries:
            return StageSpec("output", FAULTY, TYPE, config | self._order_of("sink"))
        if self.leisurely:
            marks = self.place / "slow"
            slow_ms = 40 if KIND_FACTS[self.cell.kind].group is Group.HANG else 8  # the music outlasts the limits
            config |= Order("slow", "write", marks, calls=_MANY, arg=slow_ms).config
        return StageSpec("output", APART if in_media(self.cell) else SHIPPED, TYPE, config)

    def query(self) -> JsonObject:
        """The configuration of the instance that is asked."""
        config = {} if _in_library(self.cell) else self.order.config
        return config | {"path": str(self.inputs[0])} if self.cell.capability == "source" else config

    def _order_of(self, capability: str) -> JsonObject:
        ours = capability == self.cell.capability and not self.reloads
        return self.order.config if ours and not _in_library(self.cell) else {}


def lay_out(cell: Cell, place: Path) -> Trial:
    """Makes the files."""
    for name in ("marks", "slow", "tmp", "state", "run"):
        (place / name).mkdir(parents=True)
    order = _order(cell, place / "marks")
    library = order if _in_library(cell) and cell.occasion is not Occasion.RELOAD else None
    copy = copy_plugin(place / "plugins/faulty", library, number=1)
    if cell.capability == "decoder":
        manifest = copy / "plugin.toml"
        manifest.write_text(
            manifest.read_text().replace("frames = 100", "frames = 200")
        )  # preferred to the shipped one
    if cell.occasion is Occasion.RELOAD:
        copy_plugin(place / "next", order, number=1)
    frames = [_first_frames(cell)]
    fault = order.json if in_media(cell) else None
    inputs = [make_frames(place / "first.frames", frames[0], RATE_HZ, CHANNELS, fault)]
    if in_media(cell):
        _score(copy_plugin(place / "plugins/apart", number=2), 0)
        frames.append(NEXT_FRAMES)
        inputs.append(make_frames(place / "next.frames", NEXT_FRAMES, RATE_HZ, CHANNELS))
    trial = Trial(cell, place, order, tuple(inputs), tuple(frames))
    (place / "cell.json").write_text(json.dumps({"name": cell.name, "order": order.json}))
    return trial


def _order(cell: Cell, marks: Path) -> Order:
    always = cell.occasion is Occasion.ALWAYS
    calls = _AT_LATE_CALL if KIND_FACTS[cell.kind].group is Group.RINGS else _AT_CALL
    at_call = 1 if always or cell.occasion is Occasion.RELOAD else calls.get(cell.phase, 1)
    arg = (_ARGS_IN_PROCESS if cell.phase == "process" else _ARGS).get(cell.kind)
    return Order(cell.kind, cell.phase, marks, at_call=at_call, generations=_MANY if always else 1, arg=arg)


def _in_library(cell: Cell) -> bool:
    """Whether the order is imprinted: no configuration reaches a decoder, and none is there early or in a reload."""
    if in_media(cell):
        return False
    return cell.phase in _NEEDS_IMPRINT or cell.capability == "decoder" or cell.occasion is Occasion.RELOAD


def _first_frames(cell: Cell) -> int:
    """How long the first input lasts."""
    reload, output = cell.occasion is Occasion.RELOAD, cell.capability == "sink"
    if reload and output:
        return RELOAD_FRAMES
    in_rings = KIND_FACTS[cell.kind].group is Group.RINGS and not output
    return LONG_FRAMES if reload or in_rings or cell.phase in ("import", "seek") or _queries(cell) else SHORT_FRAMES


def _queries(cell: Cell) -> bool:
    return cell.capability in ("source", "lyrics") or cell.phase == "list"


def in_media(cell: Cell) -> bool:
    """Whether the order stands in the first input: that one kills every decoder, the next one none."""
    return (cell.capability, cell.occasion) == ("decoder", Occasion.ALWAYS) and cell.phase in ("open", "read")


def _score(copy: Path, score: int) -> None:
    """How a copy's decoder stands among those for the inputs."""
    manifest = copy / "plugin.toml"
    manifest.write_text(manifest.read_text().replace("frames = 100", f"frames = {score}"))
