"""What a running host makes of a change in the file, in words for whoever made it."""

from __future__ import annotations

from dataclasses import dataclass

from host.cli.console import Console
from host.cli.talking import host_if_any, short
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject

__all__ = ["Told", "tell_host", "what_host_keeps"]


@dataclass(frozen=True, slots=True)
class Told:
    """``live``: a host runs. ``effect``: what it does about the change; empty where there is nothing to say."""

    live: bool
    effect: str = ""


def tell_host(
    console: Console,
    plugin_id: PluginId,
    type_id: TypeId,
    config: JsonObject,  # noqa: ARG001  what is in force for it from now on
) -> Told:
    """After the configuration of a type was saved."""
    return _effect(console, f"{type_id} of {short(plugin_id)}")


def what_host_keeps(console: Console) -> Told:
    """After something was saved that a host reads only when it starts."""
    return _effect(console, "it")


def _effect(console: Console, what: str) -> Told:
    with host_if_any(console) as client:
        if client is None:
            return Told(live=False)
        return Told(live=True, effect=f"the running host goes on with {what} as before; its next start takes it up")
