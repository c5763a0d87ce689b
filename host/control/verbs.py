"""What can be asked of a running host: the verbs, and what each takes. Everything is done by the host's desk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from host.control.arguments import Arguments
from host.control.chain_verbs import CHAIN_VERBS, ChainDesk
from host.control.lyrics_verbs import LYRICS_VERBS, LyricsDesk
from host.control.queue_verbs import QUEUE_VERBS, QueueDesk
from host.control.transport_verbs import TRANSPORT_VERBS, TransportDesk
from host.errors import NotFound, Usage
from host.events import EventBus
from host.ids import Role
from host.jsontext import JsonObject

__all__ = ["EVENTS", "QUIT", "VERBS", "ConfigDesk", "Desk", "OutputDesk", "PluginDesk", "perform"]

#: A stream: the connection serves it.
EVENTS = "events"
#: Acted upon when its answer is on the way.
QUIT = "quit"

MAX_ROWS = 1000


class PluginDesk(Protocol):
    """The plugin commands of a host; names are resolved there."""

    async def rows(self, name: str | None) -> JsonObject: ...
    async def restart(self, name: str, role: Role, *, reload: bool) -> JsonObject: ...
    async def unload(self, name: str, role: Role, *, force: bool) -> JsonObject: ...
    async def enable(self, name: str) -> JsonObject: ...
    async def disable(self, name: str) -> JsonObject: ...
    def reset(self, name: str, role: Role | None) -> JsonObject: ...
    async def crashes(self, name: str | None, limit: int) -> JsonObject: ...
    def logs(self, name: str, limit: int) -> JsonObject: ...


class ConfigDesk(Protocol):
    """The configurations of what plays."""

    def show(self) -> JsonObject: ...
    async def update(self, name: str, config: JsonObject, *, merge: bool) -> JsonObject: ...


class OutputDesk(Protocol):
    """Where it plays to."""

    async def set(self, type_name: str, target: str | None) -> JsonObject: ...


class Desk(Protocol):
    """What the composition root offers to the control socket."""

    @property
    def bus(self) -> EventBus: ...
    @property
    def plugins(self) -> PluginDesk: ...
    @property
    def configs(self) -> ConfigDesk: ...
    @property
    def outputs(self) -> OutputDesk: ...
    @property
    def chain(self) -> ChainDesk: ...
    @property
    def music(self) -> TransportDesk: ...
    @property
    def queueing(self) -> QueueDesk: ...
    @property
    def lyrics(self) -> LyricsDesk: ...
    def status(self) -> JsonObject: ...
    def top(self) -> JsonObject: ...
    def stop(self) -> None: ...


Verb = Callable[[Desk, Arguments], Awaitable[JsonObject]]


def _role(arguments: Arguments) -> Role | None:
    word = arguments.text_or_none("role")
    try:
        return None if word is None else Role(word)
    except ValueError:
        raise Usage(f"no role {word!r}", remedy=f"there are: {', '.join(Role)}") from None


async def _status(desk: Desk, arguments: Arguments) -> JsonObject:
    arguments.finish()
    return desk.status()


async def _top(desk: Desk, arguments: Arguments) -> JsonObject:
    arguments.finish()
    return desk.top()


async def _list(desk: Desk, arguments: Arguments) -> JsonObject:
    name = arguments.text_or_none("id")
    arguments.finish()
    return await desk.plugins.rows(name)


def _renewing(*, reload: bool) -> Callable[[Desk, Arguments], Awaitable[JsonObject]]:
    async def renew(desk: Desk, arguments: Arguments) -> JsonObject:
        name, role = arguments.text("id"), _role(arguments)
        arguments.finish()
        return await desk.plugins.restart(name, role or Role.PLAY, reload=reload)

    return renew


async def _unload(desk: Desk, arguments: Arguments) -> JsonObject:
    name, role, force = arguments.text("id"), _role(arguments), arguments.flag("force")
    arguments.finish()
    return await desk.plugins.unload(name, role or Role.PLAY, force=force)


async def _enable(desk: Desk, arguments: Arguments) -> JsonObject:
    name = arguments.text("id")
    arguments.finish()
    return await desk.plugins.enable(name)


async def _disable(desk: Desk, arguments: Arguments) -> JsonObject:
    name = arguments.text("id")
    arguments.finish()
    return await desk.plugins.disable(name)


async def _reset(desk: Desk, arguments: Arguments) -> JsonObject:
    name, role = arguments.text("id"), _role(arguments)
    arguments.finish()
    return desk.plugins.reset(name, role)


async def _crashes(desk: Desk, arguments: Arguments) -> JsonObject:
    name, limit = arguments.text_or_none("id"), arguments.count("limit", 50, MAX_ROWS)
    arguments.finish()
    return await desk.plugins.crashes(name, limit)


async def _logs(desk: Desk, arguments: Arguments) -> JsonObject:
    name, limit = arguments.text("id"), arguments.count("limit", 50, MAX_ROWS)
    arguments.finish()
    return desk.plugins.logs(name, limit)


async def _show_configs(desk: Desk, arguments: Arguments) -> JsonObject:
    arguments.finish()
    return desk.configs.show()


async def _update_config(desk: Desk, arguments: Arguments) -> JsonObject:
    name, config, merge = arguments.text("name"), arguments.object("config"), arguments.flag("merge")
    arguments.finish()
    return await desk.configs.update(name, config, merge=merge)


async def _set_output(desk: Desk, arguments: Arguments) -> JsonObject:
    name, target = arguments.text("type"), arguments.text_or_none("target")
    arguments.finish()
    return await desk.outputs.set(name, target)


async def _quit(_desk: Desk, arguments: Arguments) -> JsonObject:
    arguments.finish()
    return {"ending": True}


def _of_chain(verb: Callable[[ChainDesk, Arguments], Awaitable[JsonObject]]) -> Verb:
    return lambda desk, arguments: verb(desk.chain, arguments)


def _of_music(verb: Callable[[TransportDesk, Arguments], Awaitable[JsonObject]]) -> Verb:
    return lambda desk, arguments: verb(desk.music, arguments)


def _of_queue(verb: Callable[[QueueDesk, Arguments], Awaitable[JsonObject]]) -> Verb:
    return lambda desk, arguments: verb(desk.queueing, arguments)


def _of_lyrics(verb: Callable[[LyricsDesk, Arguments], Awaitable[JsonObject]]) -> Verb:
    return lambda desk, arguments: verb(desk.lyrics, arguments)


VERBS: dict[str, Verb] = {
    "status": _status,
    QUIT: _quit,
    "plugins.list": _list,
    "plugins.top": _top,
    "plugins.restart": _renewing(reload=False),
    "plugins.reload": _renewing(reload=True),
    "plugins.unload": _unload,
    "plugins.enable": _enable,
    "plugins.disable": _disable,
    "plugins.reset": _reset,
    "plugins.crashes": _crashes,
    "plugins.logs": _logs,
    "config.show": _show_configs,
    "config.update": _update_config,
    "outputs.set": _set_output,
    **{name: _of_chain(verb) for name, verb in CHAIN_VERBS.items()},
    **{name: _of_music(verb) for name, verb in TRANSPORT_VERBS.items()},
    **{name: _of_queue(verb) for name, verb in QUEUE_VERBS.items()},
    **{name: _of_lyrics(verb) for name, verb in LYRICS_VERBS.items()},
}


async def perform(desk: Desk, verb: str, given: JsonObject) -> JsonObject:
    """Does what one request asks for.

    Raises:
        NotFound: no such verb. StellaError: what the desk says.
    """
    found = VERBS.get(verb)
    if found is None:
        raise NotFound(f"no verb {verb!r}", remedy=f"there are: {', '.join((*VERBS, EVENTS))}", code="no_verb")
    return await found(desk, Arguments(verb, given))
