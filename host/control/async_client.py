"""The other end, for programs with a loop of their own: requests and streams side by side on one connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from host.control.client import GONE, SLOW, reach, read_answer, result_of
from host.control.protocol import MAX_ANSWER, Broken, Dialect, Inbox, encode
from host.errors import NotRunning, ProtocolViolated, RequestTimeout, StellaError
from host.jsontext import JsonObject
from host.patience import off_loop

__all__ = ["AsyncClient"]

_READ_BYTES = 64 << 10
_CONNECT_S = 10.0


class AsyncClient:
    """One connection, of the loop's thread. ``pid``: the host's process, as the kernel knows it.

    ``on_event``: told each event of each stream that was asked for with the verb ``events``.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pid: int,
        on_event: Callable[[JsonObject], None],
    ) -> None:
        self.pid = pid
        self._reader = reader
        self._writer = writer
        self._on_event = on_event
        self._waiting: dict[int, asyncio.Future[JsonObject]] = {}
        self._last_id = 0
        self._reading = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def connect(cls, path: Path, on_event: Callable[[JsonObject], None]) -> AsyncClient:
        """Raises: NotRunning: nobody listens there, or somebody who is not this user."""
        try:
            sock, pid = await off_loop(lambda: reach(path), _CONNECT_S, lambda found: found[0].close())
        except TimeoutError as error:
            raise NotRunning(f"nothing answers at {path}", remedy=GONE) from error
        sock.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=sock)
        return cls(reader, writer, pid, on_event)

    async def ask(self, verb: str, arguments: JsonObject, timeout_s: float) -> JsonObject:
        """The result of one request; others may be under way.

        Raises:
            RemoteError: the host said no. RequestTimeout: it said nothing in time. NotRunning: it ended meanwhile.
            ProtocolViolated: what it said makes no sense.
        """
        if self._reading.done():
            raise NotRunning("the host went away", remedy=GONE)
        self._last_id += 1
        number = self._last_id
        answer: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(timeout_s):
                self._writer.write(encode({"id": number, "verb": verb, "arguments": arguments}, Dialect.PACKED))
                with contextlib.suppress(ConnectionError):  # who reads knows it, too, and tells
                    await self._writer.drain()
                return await answer
        except TimeoutError:
            raise RequestTimeout("the host did not answer in time", remedy=SLOW) from None
        finally:
            del self._waiting[number]

    async def gone(self) -> None:
        """Returns when the host has ended the connection, or broken it."""
        await asyncio.wait((self._reading,))

    async def close(self) -> None:
        """Twice is fine."""
        self._reading.cancel()
        await asyncio.wait((self._reading,))
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        inbox = Inbox(MAX_ANSWER, Dialect.PACKED)
        end: StellaError = NotRunning("the host went away", remedy=GONE)
        try:
            while data := await self._reader.read(_READ_BYTES):
                for body in inbox.feed(data):
                    self._take(read_answer(body))
        except ConnectionError:
            pass
        except Broken as error:
            end = ProtocolViolated(f"the host's answer makes no sense: {error}")
        except ProtocolViolated as error:
            end = error
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(end)

    def _take(self, message: JsonObject) -> None:
        if "event" in message:
            self._on_event(message)
            return
        for number, answer in self._waiting.items():
            if answer.done():
                continue
            try:
                result = result_of(message, number)
            except StellaError as error:
                answer.set_exception(error)
                continue
            if result is not None:
                answer.set_result(result)
