"""What plugins ask of the host: let in by size, shape, right and number, told on the bus, answered within a limit.

Who carries a request out sits above and answers here; who does not in time is answered for. While its worker lives,
every request gets exactly one answer, which goes to the plugin as a host event.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from abi.wire import ControlAsked
from host.errors import StellaError
from host.events import EventBus, HostEventsMissed, PluginAnswered, PluginAsked
from host.ids import Generation, InstanceId
from host.jsontext import JsonObject
from host.packages import Right
from host.printable import printable
from host.runtime.host_events import Mailbox
from host.runtime.live import LiveGeneration
from host.runtime.plugin_json import parse_plugin_json
from host.worker import WorkerHandle

__all__ = ["MAX_UNDER_WAY", "ControlRequests"]

#: Of one worker; more are answered at once.
MAX_UNDER_WAY = 8
_MAX_REQUEST_BYTES = 16 << 10
_MESSAGE_CHARS = 1000
_RIGHTS = {
    "player": Right.CONTROL_PLAYER,
    "queue": Right.CONTROL_QUEUE,
    "library": Right.CONTROL_LIBRARY,
    "subscribe": Right.EVENTS_PLAYER,
    "unsubscribe": Right.EVENTS_PLAYER,
}


@dataclass(slots=True)
class _Talk:
    """With one generation, from its first request on."""

    home: LiveGeneration
    mailbox: Mailbox
    under_way: dict[int, asyncio.TimerHandle] = field(default_factory=dict)


class ControlRequests:
    """Of all generations. The loop's thread."""

    def __init__(self, bus: EventBus, limit_s: float) -> None:
        self._bus = bus
        self._limit_s = limit_s
        self._talks: dict[Generation, _Talk] = {}

    def change_limit(self, limit_s: float) -> None:
        """For what is asked from now on."""
        self._limit_s = limit_s

    def asked(self, home: LiveGeneration, worker: WorkerHandle, event: ControlAsked) -> None:
        """Lets a request in, or answers it at once.

        Raises:
            ValueError: the event cannot be true; its worker is not to be trusted any more.
        """
        talk = self._talks.get(home.number) or self._begin(home, worker)
        if event.request < 1 or event.request in talk.under_way:
            raise ValueError(f"impossible {event}")
        try:
            control, request = self._let_in(talk, event)
        except StellaError as error:
            self._answer(talk, event.request, error)
            return
        loop = asyncio.get_running_loop()
        talk.under_way[event.request] = loop.call_later(self._limit_s, self._expire, home.number, event.request)
        fact = PluginAsked(home.plugin_id, home.number, InstanceId(event.instance), event.request, control, request)
        self._bus.publish(fact)

    def answer(self, generation: Generation, number: int, result: JsonObject | StellaError) -> None:
        """What became of a request; nothing happens where that was said already, or nobody is left to hear it."""
        talk = self._talks.get(generation)
        timer = None if talk is None else talk.under_way.pop(number, None)
        if talk is not None and timer is not None:
            timer.cancel()
            self._answer(talk, number, result)

    def tell(self, generation: Generation, event: JsonObject) -> None:
        """Queues an event for a plugin that has asked for something before."""
        talk = self._talks.get(generation)
        if talk is not None:
            talk.mailbox.put(event)

    async def delivered(self, generation: Generation) -> None:
        """Returns when all that was told so far is in the worker, or never will be."""
        talk = self._talks.get(generation)
        if talk is not None:
            await talk.mailbox.delivered()

    def gone(self, generation: Generation) -> None:
        """Its worker has ended: nothing of it is kept."""
        talk = self._talks.pop(generation, None)
        if talk is not None:
            talk.mailbox.close()
            for timer in talk.under_way.values():
                timer.cancel()

    def _begin(self, home: LiveGeneration, worker: WorkerHandle) -> _Talk:
        def missed(count: int) -> None:
            self._bus.publish(HostEventsMissed(home.plugin_id, home.number, count))

        talk = self._talks[home.number] = _Talk(home, Mailbox(worker, missed))
        return talk

    def _let_in(self, talk: _Talk, event: ControlAsked) -> tuple[str, JsonObject]:
        """Raises: StellaError: it is not."""
        if len(talk.under_way) >= MAX_UNDER_WAY:
            raise StellaError(f"{MAX_UNDER_WAY} requests are under way already", code="busy")
        try:
            request = parse_plugin_json(event.text, _MAX_REQUEST_BYTES)
        except ValueError as error:
            raise StellaError(f"the request is {printable(str(error))}", code="bad_request") from error
        control = request.get("control") if isinstance(request, dict) else None
        if not isinstance(request, dict) or not isinstance(control, str):
            raise StellaError('a request is an object with a text "control"', code="bad_request")
        right = _RIGHTS.get(control)
        if right is None or right not in talk.home.manifest.rights:
            raise StellaError(f"plugin.toml asks for no right to {printable(control)!r}", code="no_right")
        return control, request

    def _expire(self, generation: Generation, number: int) -> None:
        error = StellaError(f"not done within {self._limit_s:g} s", code="timed_out")
        self.answer(generation, number, error)

    def _answer(self, talk: _Talk, number: int, result: JsonObject | StellaError) -> None:
        event: JsonObject = {"type": "control.result", "request": number}
        if isinstance(result, StellaError):
            message = str(result)[:_MESSAGE_CHARS]
            event |= {"ok": False, "error": {"code": result.code, "message": message}}
        else:
            event |= {"ok": True, "result": result}
        talk.mailbox.put(event)
        error = result.code if isinstance(result, StellaError) else ""
        self._bus.publish(PluginAnswered(talk.home.plugin_id, talk.home.number, number, error))
