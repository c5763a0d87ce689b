"""``python -m tests.bench.pinger PERIOD_S BURST FD...``: a burst of Pings to each worker a period, until stdin ends."""

from __future__ import annotations

import os
import select
import socket
import sys
import time

from abi.wire import Ping, encode
from tests.bench.fleet import GENERATION


def main(period_s: float, burst: int, fds: list[int]) -> None:
    """Every Ping is answered before this returns: the sockets are then as they were."""
    packet, _ = encode(Ping(), 1, GENERATION)
    channels = [socket.socket(fileno=fd) for fd in fds]
    for channel in channels:
        channel.setblocking(True)
    os.write(1, b".")
    due = time.monotonic()
    while not select.select([0], [], [], max(0.0, due - time.monotonic()))[0]:
        due = max(due + period_s, time.monotonic())
        for channel in channels:
            for _ in range(burst):
                channel.send(packet)
        for channel in channels:
            for _ in range(burst):
                channel.recv(1 << 16)


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), [int(fd) for fd in sys.argv[3:]])
