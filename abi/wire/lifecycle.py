"""Loading a module and ending the process."""

from __future__ import annotations

from abi.wire.message import Payload, Record, Reply, Request, message, part

__all__ = ["CapabilityInfo", "ExtScore", "LoadModule", "ModuleInfo", "Shutdown", "ShutdownDone"]


@part
class ExtScore(Record):
    """One decoder rule: lowercase extension without dot, or ``*``."""

    extension: str
    score: int


@part
class CapabilityInfo(Record):
    """One capability as the binary describes it; checked against ABI rules by the worker."""

    kind: int
    type_id: str
    name: str
    config_schema: Payload
    default_config: Payload
    scores: tuple[ExtScore, ...]


@message(10)
class ModuleInfo(Reply):
    """What the loaded module says it is."""

    plugin_id: str
    name: str
    version: str
    metadata: Payload
    capabilities: tuple[CapabilityInfo, ...]


@message(11)
class LoadModule(Request[ModuleInfo]):
    """Loads the one module of this worker. ``python`` tells a Python module from a shared library.

    Descriptor 0, where one comes along, is a private copy of the library and what is loaded; ``path`` is a label then.
    ``rights``: what its plugin.toml asked for and it was granted.
    """

    path: str
    root: str
    python: bool
    rights: tuple[str, ...]


@message(12)
class ShutdownDone(Reply):
    """The module's shutdown hook returned (or it has none); the process exits now."""


@message(13)
class Shutdown(Request[ShutdownDone]):
    """Sent only when no instance lives and no call is in flight."""
