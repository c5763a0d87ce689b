"""What each kind of fault comes to: who dies of it and what the crash history then says, or what is heard of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique

__all__ = ["KIND_FACTS", "Effect", "Group", "KindFacts"]


@unique
class Effect(Enum):
    """What a fault that kills nobody makes of the block it strikes."""

    NONE = "none"
    ZEROS = "zeros"  # scrubbed, counted and told
    LOUD = "loud"  # delivered as it is: loudness is the plugin's affair


@unique
class Group(Enum):
    """Kinds of which the same is expected."""

    CRASH = "crash"
    EXIT = "exit"
    HOSTLESS = "hostless"
    HANG = "hang"
    PACKET = "packet"
    CONTRACT = "contract"
    RINGS = "rings"
    UNDYING = "undying"
    HARMLESS = "harmless"
    SPOILT = "spoilt"


@dataclass(frozen=True, slots=True)
class KindFacts:
    """One kind. ``why`` is for those of which nobody dies."""

    group: Group
    why: str = ""
    effect: Effect = Effect.NONE

    @property
    def causes(self) -> frozenset[str]:
        """What the crash history may give as the cause of the death; empty when there is none."""
        return _CAUSES.get(self.group, frozenset())


_CAUSES = {
    Group.CRASH: frozenset({"crash"}),
    Group.EXIT: frozenset({"exit"}),
    Group.HOSTLESS: frozenset({"abandoned"}),
    Group.HANG: frozenset({"hang"}),
    Group.PACKET: frozenset({"protocol"}),
    Group.CONTRACT: frozenset({"protocol"}),
    Group.RINGS: frozenset({"protocol"}),
    Group.UNDYING: frozenset({"hang"}),
}
_CRASH = KindFacts(Group.CRASH)
_EXIT = KindFacts(Group.EXIT)
_HANG = KindFacts(Group.HANG)
_PACKET = KindFacts(Group.PACKET)
_UNDYING = KindFacts(Group.UNDYING)

KIND_FACTS: dict[str, KindFacts] = {
    "segv": _CRASH,
    "abort": _CRASH,
    "ill": _CRASH,
    "fpe": _CRASH,
    "stack_overflow": _CRASH,
    "heap_corruption": _CRASH,
    "huge_alloc": _CRASH,
    "raise_in_thread": _CRASH,
    "overrun_write": _CRASH,
    "underrun_write": _CRASH,
    "exit": _EXIT,
    "_exit": _EXIT,
    "close_fds": KindFacts(Group.HOSTLESS),
    "spin": _HANG,
    "deadlock": _HANG,
    "stop_self": _HANG,
    "garbage_packet": _PACKET,
    "huge_packet": _PACKET,
    "deep_packet": _PACKET,
    "wrong_frames": KindFacts(Group.CONTRACT),
    "corrupt_ring": KindFacts(Group.RINGS),
    "ignore_shutdown": _UNDYING,
    "block_sigterm": _UNDYING,
    "slow": KindFacts(Group.HARMLESS, "slower than usual, within the limit"),
    "leak": KindFacts(Group.HARMLESS, "memory of its own process only"),
    "fork": KindFacts(Group.HARMLESS, "the child ends with the worker's group"),
    "truncate_segment": KindFacts(Group.HARMLESS, "the seal refuses it"),
    "event_flood": KindFacts(Group.HARMLESS, "events are bounded and counted"),
    "stderr_flood": KindFacts(Group.HARMLESS, "output is bounded"),
    "nan": KindFacts(Group.SPOILT, "scrubbed, counted and told", Effect.ZEROS),
    "inf": KindFacts(Group.SPOILT, "scrubbed, counted and told", Effect.ZEROS),
    "loud": KindFacts(Group.SPOILT, "delivered as the plugin made it", Effect.LOUD),
}
