"""The names of things: plugins, types, generations, instances, roles. Two ids of different kinds never compare."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NewType

from abi.kinds import CapabilityKind
from host.records import record

__all__ = ["CapabilityKey", "Generation", "InstanceId", "PluginId", "Role", "TypeId", "is_effect_name"]

PluginId = NewType("PluginId", str)
"""Reverse domain style, `stellatune.dsp.gain`; `[a-z0-9._-]{1,128}`."""

TypeId = NewType("TypeId", str)
"""A named variety of one capability of one plugin, `gain`; `[a-z0-9._-]{1,64}`."""

Generation = NewType("Generation", int)
"""One load of one plugin in one worker process; only ever rises, also across restarts of the host."""

InstanceId = NewType("InstanceId", int)
"""A live object in a worker; given by the host and never used twice."""


_EFFECT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def is_effect_name(text: str) -> bool:
    """Whether an effect in a chain may be called so: letters, digits, - and _."""
    return _EFFECT_NAME.fullmatch(text) is not None


class Role(StrEnum):
    """What a generation is for: each role has a worker and a fault budget of its own."""

    PLAY = "play"
    SCAN = "scan"


@record
class CapabilityKey:
    """Which capability of which plugin."""

    plugin_id: PluginId
    kind: CapabilityKind
    type_id: TypeId

    def __str__(self) -> str:
        return f"{self.plugin_id}:{self.kind.word}:{self.type_id}"
