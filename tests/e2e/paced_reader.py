"""The far end of an ALSA ``file "|program"`` device: takes frames at the pace of a real one, keeps and counts them.

``paced_reader BYTES_PER_S CAPTURE``. Begins with the first byte, since a device that is only probed gets none. When the
frames end it writes ``CAPTURE.json``: seconds it took, and how often nothing came for a tenth of a second.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
import time
from pathlib import Path

#: linux/fcntl.h; a small pipe, so that it adds little to what the device holds.
F_SETPIPE_SZ = 1031
PIPE_BYTES = 4096
STEP_BYTES = 2048
STARVED_S = 0.1


def main(bytes_per_s: int, capture: Path) -> None:
    """Reads stdin to its end."""
    data = os.read(0, STEP_BYTES)
    if not data:
        return
    began = due = time.monotonic()
    starved = 0
    with capture.open("wb", buffering=0) as out:
        while data:
            out.write(data)
            due += len(data) / bytes_per_s
            with contextlib.suppress(OSError):  # more is in it still
                fcntl.fcntl(0, F_SETPIPE_SZ, PIPE_BYTES)
            now = time.monotonic()
            if due > now:
                time.sleep(due - now)
            elif now - due > STARVED_S:  # the clock goes on, as a device's would
                starved += 1
                due = now
            data = os.read(0, STEP_BYTES)
    report = {"seconds": time.monotonic() - began, "starved": starved}
    capture.with_suffix(".json").write_text(json.dumps(report), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
