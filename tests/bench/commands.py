"""How long `plugins restart` takes while a track plays: the whole command, and how much of it the host was busy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.bench.compiled import ROOT
from tests.bench.rows import Context, Distribution
from tests.e2e.audio import write_endless_wav

__all__ = ["NUMBERS", "measure"]

NUMBERS = ("CLI",)
RESTARTS = 40
PLUGIN = "dsp.equalizer"
BANDS = '{"bands": [{"type": "peaking", "freq_hz": 1000, "gain_db": 3, "q": 1}]}'
END_S = 20.0


def measure(context: Context) -> Iterator[Distribution]:
    """One restart after the other; each must lose no frame.

    Raises:
        RuntimeError: a restart failed or lost frames.
    """
    whole: list[float] = []
    host: list[float] = []
    environment = _environment(context.folder)
    with _playing(context.folder, environment):
        for _ in range(RESTARTS // 4 if context.quick else RESTARTS):
            began = time.perf_counter()
            done = _command(environment, "--json", "plugins", "restart", PLUGIN)
            whole.append((time.perf_counter() - began) * 1000)
            answer = json.loads(done.stdout or "{}")
            if done.returncode != 0 or answer.get("frames_lost") != 0:
                raise RuntimeError(f"plugins restart: {done.returncode}, {done.stdout} {done.stderr}")
            host.append(float(answer["took_ms"]))
    yield Distribution("CLI", f"plugins restart {PLUGIN} beside play, the command", "ms", tuple(whole))
    yield Distribution("CLI", "of which the host: successor first, 0 frames lost", "ms", tuple(host))


def _environment(folder: Path) -> dict[str, str]:
    home = folder / "home"
    (home / "run").mkdir(mode=0o700, parents=True)
    places = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "STATE", "DATA", "CACHE")}
    return {**os.environ, **places, "XDG_RUNTIME_DIR": str(home / "run"), "PYTHONPATH": str(ROOT)}


def _command(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "host", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=END_S, check=False)


@contextmanager
def _playing(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """A host that plays silence, hours of it, into nothing; ended by a command."""
    source = write_endless_wav(folder / "endless.wav")
    arguments = ["play", str(source), "--dsp", f"equalizer:{BANDS}", "--output", "null"]
    command = [sys.executable, "-m", "host", *arguments]
    log = folder / "play.log"
    with log.open("wb") as said, subprocess.Popen(command, env=environment, stderr=said, stdout=said) as player:
        try:
            end_s = time.monotonic() + END_S
            while b"\n> " not in b"\n" + log.read_bytes().replace(b"\r", b"\n"):
                if player.poll() is not None or time.monotonic() > end_s:
                    raise RuntimeError(f"play: {log.read_text(errors='replace')}")
                time.sleep(0.05)
            yield
        finally:
            _command(environment, "quit")
            try:
                player.wait(END_S)
            finally:
                player.kill()
