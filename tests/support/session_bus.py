"""A message bus of its own for a test, as a desktop has one; it can be stopped, gone on with, and ended."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["SessionBus", "session_bus"]

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"""


class SessionBus:
    """``process`` is None while there is none."""

    def __init__(self, place: Path, program: str) -> None:
        self.address = f"unix:path={place / 'bus'}"
        self.process: subprocess.Popen[str] | None = None
        self._program = program
        self._config = place / "bus.conf"
        self._config.write_text(_CONFIG.format(path=place / "bus"))
        (place / "bus").unlink(missing_ok=True)

    def start(self) -> None:
        """Returns when it listens."""
        command = [self._program, f"--config-file={self._config}", "--nofork", "--nopidfile", "--print-address"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None and self.process.stdout.readline()

    def end(self) -> None:
        """Twice is fine."""
        if self.process is not None:
            with self.process:
                self.process.kill()
            self.process = None


@contextmanager
def session_bus(place: Path) -> Iterator[SessionBus]:
    """Running; where the program is missing the test is skipped."""
    program = shutil.which("dbus-daemon")
    if program is None:
        pytest.skip("dbus-daemon is not here")
    bus = SessionBus(place, program)
    bus.start()
    try:
        yield bus
    finally:
        bus.end()
