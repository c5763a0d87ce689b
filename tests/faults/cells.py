"""The matrix as data: which faults there are to inject, where, on which occasion, and what must come of each.

A cell is one fault of one kind in one phase (a call into the plugin) of one capability. What is expected is FAULTS.md
put into a table: by the group of the kind and the place of the phase. Pairs that cannot be carry their reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique
from fnmatch import fnmatchcase

from tests.faults.cell_kinds import KIND_FACTS, Effect, Group
from tests.support.faulty import KINDS, PHASES, impossible, only_in_updates

__all__ = ["CAPABILITIES", "Absent", "Cell", "Grade", "Occasion", "absent", "all_cells", "chosen"]

CAPABILITIES = ("decoder", "dsp", "source", "lyrics", "sink")


@unique
class Grade(StrEnum):
    """What the listener hears, with the letters of FAULTS.md."""

    ABSORBED = "A"
    BYPASS = "B"
    SHORT_GAP = "C"
    REFUSED = "D"
    TRACK_ENDS = "E"
    NONE = "N"


@unique
class Occasion(StrEnum):
    """When it strikes."""

    ONCE = "once"  # in the first generation that comes to the call
    ALWAYS = "always"  # in every generation, at its first call
    RELOAD = "reload"  # in the generation that a reload brings, while the old one plays


@dataclass(frozen=True, slots=True)
class Cell:
    """One experiment.

    ``causes``: what the crash history may say of the death; empty: nobody dies. ``unseen``: the worker may be gone
    before anybody has read what it did, and no row is written then.
    """

    capability: str
    phase: str
    kind: str
    occasion: Occasion
    expected: Grade
    why: str
    causes: frozenset[str]
    effect: Effect
    unseen: bool = False

    @property
    def name(self) -> str:
        """How it is chosen by ``--only``."""
        plain = f"{self.capability}-{self.phase}-{self.kind}"
        return plain if self.occasion is Occasion.ONCE else f"{plain}-{self.occasion}"


@dataclass(frozen=True, slots=True)
class Absent:
    """A pair that cannot be, and why."""

    capability: str
    phase: str
    kind: str
    why: str


#: What FAULTS.md says of a worker that ends in a phase, once; capability None: any.
_DEATHS: tuple[tuple[frozenset[str], frozenset[str], Grade, str], ...] = (
    (
        frozenset({"decoder", "dsp", "sink"}),
        frozenset({"constructor", "entry", "create", "open", "negotiate"}),
        Grade.ABSORBED,
        "nothing plays yet: the second attempt succeeds",
    ),
    (frozenset({"decoder"}), frozenset({"read", "seek"}), Grade.ABSORBED, "a successor goes on at the very frame"),
    (
        frozenset({"dsp"}),
        frozenset({"process", "export", "import"}),
        Grade.ABSORBED,
        "a successor imports a checkpoint and replays",
    ),
    (frozenset({"sink"}), frozenset({"write", "flush"}), Grade.SHORT_GAP, "opened again at the next frame"),
    (frozenset({"sink"}), frozenset({"list"}), Grade.NONE, "a query fails, the audio is untouched"),
    (
        frozenset({"source", "lyrics"}),
        frozenset({"constructor", "entry", "create", "list", "open", "search", "fetch"}),
        Grade.NONE,
        "a query fails, the audio is untouched",
    ),
    (
        frozenset(CAPABILITIES),
        frozenset({"destroy", "shutdown"}),
        Grade.ABSORBED,
        "everything was played: the worker is ended by force",
    ),
)

#: Faults that come back with every generation.
_ALWAYS: tuple[tuple[str, str, Grade, str], ...] = (
    ("decoder", "constructor", Grade.ABSORBED, "the next decoder takes the file"),
    ("decoder", "entry", Grade.ABSORBED, "the next decoder takes the file"),
    ("decoder", "create", Grade.ABSORBED, "the next decoder takes the file"),
    ("decoder", "open", Grade.TRACK_ENDS, "no decoder survives the file; the next one plays"),
    ("decoder", "read", Grade.TRACK_ENDS, "two decoders die at the same frame; the next track plays"),
    ("dsp", "constructor", Grade.REFUSED, "an effect that cannot be had is told before anything plays"),
    ("dsp", "entry", Grade.REFUSED, "an effect that cannot be had is told before anything plays"),
    ("dsp", "create", Grade.REFUSED, "an effect that cannot be had is told before anything plays"),
    ("dsp", "process", Grade.BYPASS, "the music goes on without it"),
    ("sink", "constructor", Grade.REFUSED, "an output that cannot be had is told before anything plays"),
    ("sink", "entry", Grade.REFUSED, "an output that cannot be had is told before anything plays"),
    ("sink", "create", Grade.REFUSED, "an output that cannot be had is told before anything plays"),
    ("sink", "negotiate", Grade.REFUSED, "an output that cannot be had is told before anything plays"),
    ("sink", "open", Grade.REFUSED, "an output that cannot be had is told before anything plays"),
    ("sink", "write", Grade.REFUSED, "the output is gone for good, and the command says so"),
)
_ALWAYS_KINDS = ("segv", "exit")

#: A reload brings a generation that dies before it serves: the old one plays on.
_RELOAD: dict[str, tuple[str, ...]] = {
    "decoder": ("constructor", "entry", "create", "open", "seek"),
    "dsp": ("constructor", "entry", "create", "import"),
    "sink": ("constructor", "entry"),
}
_RELOAD_KINDS = ("segv", "abort", "exit", "spin", "stop_self", "heap_corruption", "garbage_packet", "raise_in_thread")


def all_cells() -> tuple[Cell, ...]:
    """Every cell, in the order of the tables."""
    return (*_once(), *_always(), *_reloads())


def chosen(pattern: str) -> tuple[Cell, ...]:
    """The cells whose name fits one of the patterns, which commas part; all for an empty one."""
    patterns = [part.strip() for part in pattern.split(",") if part.strip()] or ["*"]
    return tuple(cell for cell in all_cells() if any(fnmatchcase(cell.name, each) for each in patterns))


def absent() -> tuple[Absent, ...]:
    """Every pair that has no cell."""
    return tuple(
        Absent(capability, phase, kind, why)
        for capability in CAPABILITIES
        for phase in PHASES[capability]
        for kind in KINDS
        if (why := _why_absent(capability, phase, kind))
    )


def _why_absent(capability: str, phase: str, kind: str) -> str:
    if only_in_updates(capability, phase):
        return "nobody changes a configuration in these experiments"
    if capability == "source" and phase in ("read", "seek"):
        return "what plays here is no stream: tests/integration/worker/test_stream_faults.py"
    return impossible(kind, phase)


def _once() -> Iterator[Cell]:
    for capability in CAPABILITIES:
        for phase in PHASES[capability]:
            for kind in KINDS:
                if not _why_absent(capability, phase, kind):
                    yield _cell(capability, phase, kind)


def _cell(capability: str, phase: str, kind: str) -> Cell:
    facts = KIND_FACTS[kind]
    causes = facts.causes
    if not causes:
        return Cell(capability, phase, kind, Occasion.ONCE, Grade.ABSORBED, facts.why, frozenset(), facts.effect)
    if facts.group is Group.UNDYING:
        why = "ended by force once nothing plays in it any more"
        return Cell(capability, phase, kind, Occasion.ONCE, Grade.ABSORBED, why, causes, Effect.NONE)
    if facts.group is Group.RINGS and phase == "flush":
        why = "all was played: nobody goes by the words of the rings any more"
        return Cell(capability, phase, kind, Occasion.ONCE, Grade.ABSORBED, why, frozenset(), Effect.NONE)
    if facts.group is Group.RINGS:
        why = "the words of its rings cannot be: the pipeline is built anew"
        return Cell(capability, phase, kind, Occasion.ONCE, Grade.SHORT_GAP, why, causes, Effect.NONE)
    grade, why = _of_death(capability, phase)
    unseen = facts.group is Group.PACKET and phase == "shutdown"
    return Cell(capability, phase, kind, Occasion.ONCE, grade, why, causes, Effect.NONE, unseen)


def _of_death(capability: str, phase: str) -> tuple[Grade, str]:
    for capabilities, phases, grade, why in _DEATHS:
        if capability in capabilities and phase in phases:
            return grade, why
    raise LookupError(f"nothing is said of deaths in {phase} of a {capability}")


def _always() -> Iterator[Cell]:
    for capability, phase, grade, why in _ALWAYS:
        for kind in _ALWAYS_KINDS:
            causes = KIND_FACTS[kind].causes
            yield Cell(capability, phase, kind, Occasion.ALWAYS, grade, why, causes, Effect.NONE)


def _reloads() -> Iterator[Cell]:
    why = "the reload is refused, the old generation plays on"
    for capability, phases in _RELOAD.items():
        for phase in phases:
            for kind in _RELOAD_KINDS:
                causes = KIND_FACTS[kind].causes
                yield Cell(capability, phase, kind, Occasion.RELOAD, Grade.REFUSED, why, causes, Effect.NONE)
