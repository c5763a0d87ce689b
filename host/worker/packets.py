"""One end of a SOCK_SEQPACKET pair: whole packets with their descriptors, in and out, without ever blocking.

Knows bytes and descriptors, and nothing of messages.
"""

from __future__ import annotations

import array
import asyncio
import errno
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence

from abi.wire import MAX_FDS, MAX_PACKET, PacketRefused, close_fds

__all__ = ["ChannelClosed", "ChannelJammed", "PacketSocket"]

_ANCILLARY_BYTES = socket.CMSG_SPACE(MAX_FDS * array.array("i").itemsize)
# Plain numbers: an operation on the enum's members costs as much as a system call.
_RECEIVE_FLAGS = int(socket.MSG_DONTWAIT | socket.MSG_CMSG_CLOEXEC)
_SEND_FLAGS = int(socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
_CUT_SHORT = int(socket.MSG_TRUNC | socket.MSG_CTRUNC)
_MAX_QUEUED = 256


class ChannelClosed(Exception):
    """The peer closed its end (or sent an empty packet, which means the same); nothing more will come."""


class ChannelJammed(Exception):
    """The peer does not read: so many packets wait that no more are taken; or the kernel refuses to send."""


class PacketSocket:
    """Owns its socket. All methods belong to the event loop's thread."""

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._fd = sock.fileno()
        self._loop = loop
        self._waiting: deque[tuple[bytes, list[int]]] = deque()
        self._reading = False

    def start_reading(self, on_readable: Callable[[], None]) -> None:
        """``on_readable`` is called as long as something is there to be received."""
        self._loop.add_reader(self._fd, on_readable)
        self._reading = True

    def stop_reading(self) -> None:
        """What comes stays unread; twice is fine."""
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def receive(self) -> tuple[bytes, tuple[int, ...]] | None:
        """The next packet and its descriptors, which the caller then owns; None when none is there.

        Raises:
            ChannelClosed: the peer is gone and everything it sent was received.
            PacketRefused: the packet or its descriptors did not fit; those that came are closed.
        """
        try:
            data, ancillary, flags, _ = self._socket.recvmsg(MAX_PACKET, _ANCILLARY_BYTES, _RECEIVE_FLAGS)
        except BlockingIOError:
            return None
        except ConnectionResetError:
            # The peer died without having read all of ours. The kernel says so once, before what the peer sent.
            return self.receive()
        except OSError as error:
            if error.errno == errno.ETOOMANYREFS:
                raise PacketRefused("descriptors within descriptors") from error
            raise ChannelClosed(error.strerror) from error
        fds = _descriptors(ancillary) if ancillary else ()
        if flags & _CUT_SHORT:
            close_fds(list(fds))
            raise PacketRefused(f"a packet over {MAX_PACKET} bytes, or with more than {MAX_FDS} descriptors")
        if not data:
            close_fds(list(fds))
            raise ChannelClosed("the peer closed it")
        return data, fds

    def send(self, data: bytes, fds: Sequence[int] = ()) -> None:
        """Sends now, or as soon as there is room, in order. The descriptors stay the caller's.

        Raises:
            ChannelClosed: the peer is gone.
            ChannelJammed: the peer has not read for so long that no more is queued.
        """
        if not self._waiting:
            if self._send_now(data, fds):
                return
            self._loop.add_writer(self._fd, self._send_waiting)
        elif len(self._waiting) >= _MAX_QUEUED:
            raise ChannelJammed(f"{_MAX_QUEUED} packets wait for a peer that does not read")
        self._waiting.append((data, _copies(fds)))

    def close(self) -> None:
        """Gives everything back; twice is fine."""
        self.stop_reading()
        self._forget_waiting()
        self._socket.close()

    def _send_now(self, data: bytes, fds: Sequence[int]) -> bool:
        try:
            if fds:
                rights = array.array("i", fds)
                self._socket.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)], _SEND_FLAGS)
            else:
                self._socket.send(data, _SEND_FLAGS)
        except BlockingIOError:
            return False
        except (BrokenPipeError, ConnectionResetError, ConnectionRefusedError) as error:
            raise ChannelClosed("the peer closed it") from error
        except OSError as error:
            raise ChannelJammed(f"cannot send: {error.strerror}") from error
        return True

    def _send_waiting(self) -> None:
        try:
            while self._waiting:
                data, fds = self._waiting[0]
                if not self._send_now(data, fds):
                    return
                self._waiting.popleft()
                close_fds(fds)
        except (ChannelClosed, ChannelJammed):
            # The reader learns of the end; requests that wait have their deadlines.
            self._forget_waiting()
            return
        self._loop.remove_writer(self._fd)

    def _forget_waiting(self) -> None:
        if self._waiting:
            self._loop.remove_writer(self._fd)
            for _, fds in self._waiting:
                close_fds(fds)
            self._waiting.clear()


def _copies(fds: Sequence[int]) -> list[int]:
    made: list[int] = []
    try:
        for fd in fds:
            made.append(os.dup(fd))  # one by one: what was made is closed when the next one fails
    except OSError as error:
        close_fds(made)
        raise ChannelJammed(f"cannot keep a descriptor to be sent: {error.strerror}") from error
    return made


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> tuple[int, ...]:
    found = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(data[: len(data) - len(data) % found.itemsize])
    return tuple(found)
