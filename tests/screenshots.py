"""Pictures of the real thing: a host plays made audio, and what commands and the full screen show of it is kept.

`status` and `plugins top` run as processes of their own with `--color always`; what they write, escape sequences
included, is given to a recording console of rich, which draws it as SVG. The full screen runs in this process on
textual's headless driver, before the same host, with real key presses, and exports itself. A worker is killed and a
plugin restarted before it is looked at, so that there is something to see. Nothing is drawn or changed by hand; only
links to fonts on the net are left out, so that looking at a picture tells nobody.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.text import Text

from host.cli.melody import CHANNELS, RATE_HZ, compose
from tests.e2e.audio import write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.test_control import ask
from tests.e2e.test_tui import Screen, serving_paced, shown

FOLDER = Path(__file__).resolve().parents[1] / "docs"
SIZE = (100, 32)
REPEATS = 15
EFFECTS = ("gain", "equalizer", "limiter")
PLAYLIST = (("The Workers", "First Generation"), ("The Workers", "Exact Recovery"), ("Zygote", "Forked as Siblings"))
FONT_LINKS = re.compile(r"\s*@font-face\s*\{[^}]*\}")
COMMANDS = {"status": ("status",), "plugins-top": ("plugins", "top", "--once")}


def compose_album(folder: Path) -> Path:
    """A playlist of the demo's tune, each time a minute of it."""
    tune = np.tile(np.array(compose(), dtype=np.int16).reshape(-1, CHANNELS), (REPEATS, 1))
    lines = ["#EXTM3U"]
    for number, (artist, title) in enumerate(PLAYLIST, 1):
        write_wav(folder / f"{number}.wav", tune, RATE_HZ)
        lines += [f"#EXTINF:{len(tune) // RATE_HZ},{artist} - {title}", f"{number}.wav"]
    (folder / "album.m3u8").write_text("\n".join(lines), encoding="utf-8")
    return folder / "album.m3u8"


def keep_output(stellatune: Stellatune, name: str, arguments: tuple[str, ...]) -> None:
    """What a command writes, as a picture."""
    said = ask(stellatune, "--color", "always", *arguments).out.rstrip("\n")
    width = max(Text.from_ansi(line).cell_len for line in said.splitlines())
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        terminal = Console(record=True, width=width, file=nowhere, force_terminal=True, color_system="truecolor")
        terminal.print(Text.from_ansi(said), no_wrap=True, overflow="ignore", crop=False)
        keep(name, terminal.export_svg(title=f"stellatune {' '.join(arguments)}"))


def keep(name: str, picture: str) -> None:
    """Writes it down, and says where."""
    file = FOLDER / f"{name}.svg"
    file.write_text(FONT_LINKS.sub("", picture), encoding="utf-8")
    print(f"{file.relative_to(FOLDER.parent)}  {file.stat().st_size} bytes")


async def keep_screen(screen: Screen) -> None:
    """Something happens, and the full screen is kept."""
    await screen.shows("queue of 3", "First Generation", "stopped")
    await screen.press("space")
    await screen.until(lambda: all(stage.load is not None and stage.load.pace for stage in screen.chain.stages))
    await screen.press("right", "right", "tab", "down", "down")
    victim = screen.playback["chain"][1]
    os.kill(victim["pid"], signal.SIGKILL)
    await screen.shows("-> restart", f"gen {victim['generation'] + 1}")
    await screen.press("R")
    await screen.shows("frames lost")
    await screen.until(lambda: all(stage.load is not None and stage.load.pace for stage in screen.chain.stages))
    keep("tui", screen.app.export_screenshot(title="stellatune tui"))


async def main() -> None:
    """All pictures."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="stellatune-screenshots-") as place:
        stellatune = Stellatune(Path(place))
        album = compose_album(stellatune.place)
        with serving_paced(stellatune, *EFFECTS):
            assert ask(stellatune, "queue", "add", album).code == 0
            async with shown(stellatune, SIZE) as screen:
                await keep_screen(screen)
            for name, arguments in COMMANDS.items():
                keep_output(stellatune, name, arguments)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
