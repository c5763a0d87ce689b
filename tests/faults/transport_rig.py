"""A real ``serve`` with a device that keeps what it hears, asked from outside, and somebody who kills its workers."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import Counter
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
#: One of so many is the output: a new one has a queue to fill, and is heard to.
_EVERY_SINK = 12


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
    """Kills whoever works in the chain, once it has been seen at work; counts by stage.

    It holds nothing against them: who dies so often in a minute would rightly be kept out, and is let in at once.
    """

    def __init__(self, socket: Path, random: Random, pause_s: float) -> None:
        super().__init__()
        self.kills: Counter[str] = Counter()
        self.failure = ""
        self._socket = socket
        self._random = random
        self._pause_s = pause_s
        self._over = threading.Event()
        self._seen: dict[int, int] = {}

    @property
    def count(self) -> int:
        return sum(self.kills.values())

    def run(self) -> None:
        try:
            with ControlClient.connect(self._socket) as client:
                while not self._over.wait(self._random.uniform(0, self._pause_s)):
                    victim = self._victim(dict(client.ask("status", {}, ANSWER_S)))
                    if victim is not None:
                        client.ask("plugins.reset", {"id": victim["plugin"]}, ANSWER_S)
                        self._kill(victim)
        except StellaError as error:
            self.failure = str(error)

    def stop(self) -> None:
        """Returns when nobody is killed any more."""
        self._over.set()
        self.join()

    def _victim(self, status: dict[str, Any]) -> dict[str, Any] | None:
        """Who was seen at another position before has done something since."""
        position, chain = status["playback"]["position"], status["playback"]["chain"]
        if position is None:
            return None
        at_work = [each for each in chain if self._seen.get(each["pid"], position) != position]
        for each in chain:
            self._seen.setdefault(each["pid"], position)
        spared = (self.count + 1) % _EVERY_SINK != 0
        victims = [each for each in at_work if (each["name"] != "output") == spared]
        return self._random.choice(victims) if victims else None

    def _kill(self, victim: dict[str, Any]) -> None:
        try:
            os.kill(victim["pid"], signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills[victim["name"] if victim["name"] in ("decoder", "output") else "effect"] += 1
