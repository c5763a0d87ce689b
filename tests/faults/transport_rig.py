"""A real ``serve`` with a device that keeps what it hears, asked from outside, and somebody who kills its workers."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from host.control.client import ControlClient
from host.errors import StellaError
from host.jsontext import JsonObject
from tests.e2e.conftest import Stellatune
from tests.support.c_plugins import build_plugin
from tests.support.patient import DEEP, DEEP_DEVICE

__all__ = ["Killer", "Rig", "rig"]

ANSWER_S = 60.0
_END_S = 60.0
#: An output that dies is heard: more of it in a minute, and its plugin would rightly be kept out.
_MOST_SINKS = 4
_WINDOW_S = 61.0


class Rig:
    """The second terminal."""

    def __init__(self, command: Stellatune, host: subprocess.Popen[str], socket: Path) -> None:
        self.host = host
        self.socket = socket
        self.client = ControlClient.connect(socket)
        self._command = command

    def ask(self, verb: str, arguments: JsonObject) -> dict[str, Any]:
        """By the socket. Raises: StellaError."""
        return dict(self.client.ask(verb, arguments, ANSWER_S))

    def call(self, *words: str) -> tuple[int, str]:
        """By a command of its own process; its exit code and what it says of errors."""
        with self._command.start(*words) as process:
            _, err = process.communicate(timeout=_END_S)
        return process.returncode, err

    def playback(self) -> dict[str, Any]:
        """Of ``status``."""
        found: dict[str, Any] = self.ask("status", {})["playback"]
        return found


@contextmanager
def rig(folder: Path, heard: Path) -> Iterator[Rig]:
    """Ends in order when the block does; nothing may be left of it. Raises: AssertionError."""
    plugins = folder / "plugins"
    plugins.mkdir()
    build_plugin("capture", plugins, DEEP_DEVICE)
    command = Stellatune(folder, sizes=DEEP)
    socket = folder / "home" / "run" / "stellatune" / "control.sock"
    said: list[str] = []
    with command.start("serve", "--output", f"capture:{heard}", STELLATUNE_PLUGIN_PATH=str(plugins)) as host:
        assert host.stderr is not None
        assert any(line.startswith("serving on") for line in host.stderr), "it never served"
        reading = threading.Thread(target=lambda: said.extend(host.stderr or ()))
        reading.start()
        made = Rig(command, host, socket)
        try:
            yield made
            assert made.call("quit")[0] == 0
            host.wait(_END_S)
        finally:
            made.client.close()
            if host.poll() is None:
                host.kill()
            reading.join()
    assert host.returncode == 0, f"it ended with {host.returncode}"
    text = "".join(said)
    assert "Traceback" not in text, text
    log = folder / "home" / "state" / "stellatune" / "stellatune.log"
    assert "Traceback" not in (log.read_text() if log.exists() else "")
    command.expect_nothing_left()


class Killer(threading.Thread):
    """Kills whoever works in the chain, once it has been seen at work; counts by stage."""

    def __init__(self, socket: Path, random: Random, pause_s: float) -> None:
        super().__init__()
        self.kills: Counter[str] = Counter()
        self.failure = ""
        self._socket = socket
        self._random = random
        self._pause_s = pause_s
        self._over = threading.Event()
        self._seen: dict[int, int] = {}
        self._sinks: deque[float] = deque()

    @property
    def count(self) -> int:
        return sum(self.kills.values())

    def run(self) -> None:
        try:
            with ControlClient.connect(self._socket) as client:
                while not self._over.wait(self._random.uniform(0, self._pause_s)):
                    status: dict[str, Any] = dict(client.ask("status", {}, ANSWER_S))
                    self._strike(status["playback"])
        except StellaError as error:
            self.failure = str(error)

    def stop(self) -> None:
        """Returns when nobody is killed any more."""
        self._over.set()
        self.join()

    def _strike(self, playback: dict[str, Any]) -> None:
        """Who was seen at another position before has done something since."""
        position = playback["position"]
        if position is None:
            return
        chain = playback["chain"]
        at_work = [each for each in chain if self._seen.get(each["pid"], position) != position]
        for each in chain:
            self._seen.setdefault(each["pid"], position)
        while self._sinks and time.monotonic() - self._sinks[0] > _WINDOW_S:
            self._sinks.popleft()
        victims = [each for each in at_work if each["name"] != "output" or len(self._sinks) < _MOST_SINKS]
        if not victims:
            return
        victim = self._random.choice(victims)
        if victim["name"] == "output":
            self._sinks.append(time.monotonic())
        try:
            os.kill(victim["pid"], signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills["effect" if victim["name"] not in ("decoder", "output") else victim["name"]] += 1
