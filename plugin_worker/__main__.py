"""``python -P -m plugin_worker --control FD --events FD``: starts a worker on two inherited sockets.

Exit codes: 0 after an orderly shutdown, 2 wrong arguments, 66 the host sent something that is no message,
68 the host is gone.
"""

from __future__ import annotations

import socket
import sys
from typing import NoReturn

from plugin_worker.serve import Server

__all__ = ["main"]


def main(arguments: list[str]) -> NoReturn:
    """Serves until the process ends."""
    if len(arguments) != 4 or arguments[0] != "--control" or arguments[2] != "--events":
        sys.stderr.write("plugin_worker: started by the host with --control FD --events FD, not by hand\n")
        sys.exit(2)
    control = socket.socket(fileno=int(arguments[1]))
    events = socket.socket(fileno=int(arguments[3]))
    Server(control, events).run()


if __name__ == "__main__":
    main(sys.argv[1:])
