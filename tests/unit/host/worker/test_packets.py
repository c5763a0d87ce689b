"""One end of a packet socket: what does not fit is refused as a whole, and nothing of it stays."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from abi.wire import MAX_FDS, MAX_PACKET, PacketRefused
from host.worker.packets import ChannelClosed, PacketSocket


def received(data: bytes, descriptors: int = 0) -> tuple[bytes, int]:
    """What comes of it at the other end: bytes, and how many descriptors."""
    loop = asyncio.new_event_loop()
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    null = os.open("/dev/null", os.O_RDONLY)
    channel = PacketSocket(near, loop)
    try:
        socket.send_fds(far, [data], [null] * descriptors)
        found = channel.receive()
        assert found is not None
        for fd in found[1]:
            os.close(fd)
        return found[0], len(found[1])
    finally:
        channel.close()
        far.close()
        os.close(null)
        loop.close()


def test_the_largest_comes_whole() -> None:
    assert received(b"x" * MAX_PACKET, MAX_FDS) == (b"x" * MAX_PACKET, MAX_FDS)


@pytest.mark.parametrize(("size", "descriptors"), [(MAX_PACKET + 1, 0), (MAX_PACKET + 1, 2), (10, MAX_FDS + 1)])
def test_one_that_was_cut_is_refused_though_what_is_left_may_look_whole(size: int, descriptors: int) -> None:
    before = os.listdir("/proc/self/fd")
    with pytest.raises(PacketRefused, match="over 65536 bytes, or with more than 32 descriptors"):
        received(b"x" * size, descriptors)
    assert os.listdir("/proc/self/fd") == before


def test_an_empty_one_is_the_end() -> None:
    with pytest.raises(ChannelClosed):
        received(b"", 1)
