"""One client of the control socket, from its first byte to its last. It may be slow, silent or hostile.

Commands go on when their client leaves; streams end with it. What waits for a client is bounded: so many requests at
once, and per stream the bounded queue of its subscription, which drops its oldest.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine

from host.control.arguments import Arguments
from host.control.event_names import EVENT_NAMES, EVERYTHING, event_data, matching
from host.control.protocol import (
    MAX_REQUEST,
    Broken,
    Dialect,
    Inbox,
    Refused,
    Request,
    encode,
    error_answer,
    read_request,
)
from host.control.verbs import EVENTS, QUIT, Desk, perform
from host.errors import StellaError, Usage
from host.events import Subscription, Topic
from host.jsontext import JsonObject
from host.records import record

__all__ = ["Connection", "Patience"]

_READ_BYTES = 16 << 10
_EVENTS_KEPT = 1024
_MAX_REQUESTS = 16


@record
class Patience:
    """How long a client may take: to complete what it began, to be idle, to read an answer."""

    request_s: float = 10.0
    idle_s: float = 60.0
    answer_s: float = 30.0


class Connection:
    """Serves one client. ``serve`` returns when it is gone, or was sent away."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, desk: Desk, patience: Patience
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._desk = desk
        self._patience = patience
        self._inbox = Inbox(MAX_REQUEST)
        self._sending = asyncio.Lock()
        self._room = asyncio.Semaphore(_MAX_REQUESTS)
        self._commands: set[asyncio.Task[None]] = set()
        self._streams: set[asyncio.Task[None]] = set()
        self._reading: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Cancelled, it takes everything of this client with it."""
        self._reading = asyncio.get_running_loop().create_task(self._read())
        try:
            await asyncio.wait((self._reading,))
            for stream in self._streams:
                stream.cancel()
            if self._commands:
                await asyncio.wait(self._commands)
            self._writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(self._patience.answer_s):
                    await self._writer.wait_closed()
        finally:
            self._writer.transport.abort()
            left = (self._reading, *self._commands, *self._streams)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def end(self) -> None:
        """Reads no more; what was asked for is still answered."""
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self) -> None:
        """Raises: TimeoutError: the client takes too long. ConnectionError: it is gone."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            pending = self._inbox.pending
            try:
                async with asyncio.timeout_at(began + (self._patience.request_s if pending else self._patience.idle_s)):
                    data = await self._reader.read(_READ_BYTES)
            except TimeoutError:
                if pending or not (self._commands or self._streams):
                    raise
                began = loop.time()  # it waits for what it asked for
                continue
            if not data:
                return
            try:
                for body in self._inbox.feed(data):
                    pending = False
                    await self._take(body)
            except Broken as error:
                await self._answer_error(None, Usage(str(error), code="protocol"))
                return
            if not pending:
                began = loop.time()

    async def _take(self, body: bytes) -> None:
        assert self._inbox.dialect is not None
        if not body.strip() and self._inbox.dialect is Dialect.LINES:
            return
        try:
            request = read_request(body, self._inbox.dialect)
        except Refused as refused:
            await self._answer_error(refused.request_id, Usage(str(refused), code="protocol"))
            return
        await self._room.acquire()  # a client that asks for more than it reads is not read any more
        if request.verb == EVENTS:
            self._begin(self._streams, self._stream(request))
        else:
            self._begin(self._commands, self._command(request))

    def _begin(self, among: set[asyncio.Task[None]], work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        among.add(task)

        def ended(_: asyncio.Task[None]) -> None:
            among.discard(task)
            self._room.release()
            if not task.cancelled():
                task.exception()  # the client is gone: nobody is left to tell

        task.add_done_callback(ended)

    async def _command(self, request: Request) -> None:
        try:
            result = await perform(self._desk, request.verb, request.arguments)
        except StellaError as error:
            await self._answer_error(request.id, error)
            return
        except Exception as error:  # noqa: BLE001  # the edge of the socket: a bug in one command ends that command
            await self._answer_error(request.id, StellaError(f"unexpected: {type(error).__name__}: {error}"))
            return
        try:
            await self._answer({"id": request.id, "result": result})
        finally:
            if request.verb == QUIT:
                self._desk.stop()

    async def _stream(self, request: Request) -> None:
        arguments = Arguments(request.verb, request.arguments)
        try:
            pattern = arguments.text_or_none("filter") or EVERYTHING
            arguments.finish()
            topics = matching(pattern)
        except StellaError as error:
            await self._answer_error(request.id, error)
            return
        with self._desk.bus.subscribe(*topics, capacity=_EVENTS_KEPT) as facts:
            names = [EVENT_NAMES[topic] for topic in topics if topic in EVENT_NAMES] or [*EVENT_NAMES.values()]
            await self._answer({"id": request.id, "result": {"events": [*names]}})
            await self._tell(request.id, facts)

    async def _tell(self, request_id: int, facts: Subscription[Topic]) -> None:
        """Numbers count all that matched: one that is missing was dropped."""
        told = 0
        async for fact in facts:
            told += 1
            message: JsonObject = {
                "id": request_id,
                "seq": told + facts.dropped,
                "time": round(time.time(), 3),
                "event": EVENT_NAMES[type(fact)],
                "data": event_data(fact),
                "dropped": facts.dropped,
            }
            await self._send(message)

    async def _answer_error(self, request_id: int | None, error: StellaError) -> None:
        await self._answer(error_answer(request_id, error))

    async def _answer(self, message: JsonObject) -> None:
        """Raises: ConnectionError, TimeoutError: the client is gone, or does not read what it asked for."""
        try:
            async with asyncio.timeout(self._patience.answer_s):
                await self._send(message)
        except TimeoutError:
            self._writer.transport.abort()
            raise

    async def _send(self, message: JsonObject) -> None:
        dialect = self._inbox.dialect or Dialect.LINES
        try:
            data = encode(message, dialect)
        except StellaError as error:
            number = message["id"]
            data = encode(error_answer(number if isinstance(number, int) else None, error), dialect)
        async with self._sending:
            self._writer.write(data)
            await self._writer.drain()
