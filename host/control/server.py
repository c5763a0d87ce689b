"""Listens on the control socket and lets clients in: those of the same user, and not too many at once."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable

from host.control.connection import Connection, Patience
from host.control.lock import HostLock, peer_credentials
from host.control.verbs import Desk

__all__ = ["MAX_CLIENTS", "ControlServer"]

MAX_CLIENTS = 16
_LAST_WORDS_S = 0.5


class ControlServer:
    """Serves a desk until it is closed. The loop's thread."""

    def __init__(
        self,
        desk: Desk,
        *,
        patience: Patience | None = None,
        credentials: Callable[[socket.socket], tuple[int, int]] = peer_credentials,
    ) -> None:
        self._desk = desk
        self._patience = patience or Patience()
        self._credentials = credentials
        self._server: asyncio.Server | None = None
        self._serving: dict[asyncio.Task[None], Connection] = {}
        #: Clients that were sent away: another user's, or one too many.
        self.refused = 0
        #: Clients that were let in, those that left among them.
        self.served = 0

    @property
    def clients(self) -> int:
        """How many are served now."""
        return len(self._serving)

    async def listen(self, lock: HostLock) -> None:
        """From now on clients are served. Raises: OSError: the socket cannot be made."""
        listener = lock.listen(MAX_CLIENTS)
        listener.setblocking(False)
        self._server = await asyncio.start_unix_server(self._arrived, sock=listener)

    async def close(self) -> None:
        """No client is served any more; answers on their way get a moment. Twice is fine."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for connection in self._serving.values():
            connection.end()
        if self._serving:
            _, late = await asyncio.wait(self._serving, timeout=_LAST_WORDS_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _arrived(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock: socket.socket = writer.get_extra_info("socket")
        if len(self._serving) >= MAX_CLIENTS or self._credentials(sock)[1] != os.geteuid():
            self.refused += 1
            writer.transport.abort()
            return
        connection = Connection(reader, writer, self._desk, self._patience)
        task = asyncio.get_running_loop().create_task(connection.serve())
        self._serving[task] = connection
        self.served += 1
        task.add_done_callback(self._serving.pop)
