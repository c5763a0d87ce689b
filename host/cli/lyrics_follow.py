"""``stellatune lyrics --follow``: each line when it is due.

On a terminal the line that is sung is bright, and of one whose words have times, as much as was sung.
"""

from __future__ import annotations

import shutil
import sys

import click

from host.cli.console import Console, plain
from host.cli.rows import number, text, texts
from host.cli.talking import ANSWER_S, running_host
from host.jsontext import JsonObject

__all__ = ["follow"]

CURSOR_SCHEMA = "stellatune.lyrics-cursor/1"
_CLEAR = "\r\x1b[K"


def follow(console: Console) -> int:
    """Until the host ends. Raises: NotRunning: there is none."""
    with running_host(console) as client, _Page(console) as page:
        client.ask("events", {"filter": "lyrics.*"}, ANSWER_S)
        for message in client.events():
            data = message.get("data")
            if not isinstance(data, dict):
                continue
            if message.get("event") == "lyrics.changed":
                page.begin(data)
            elif console.json:
                console.line(CURSOR_SCHEMA, data)
            else:
                page.show(data)
    return 0


class _Page:
    """What was printed: on a terminal the last line is open, and is written again as it is sung."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._draws = sys.stdout.isatty() and console.colored(sys.stdout)
        self._open = ""
        self._at: tuple[float | None, float | None] = (None, None)

    def __enter__(self) -> _Page:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._close()

    def begin(self, data: JsonObject) -> None:
        """Another track is heard."""
        self._close()
        self._at = (None, None)
        for problem in texts(data, "problems"):
            self._console.note(problem, level=1)
        if not data.get("provider"):
            self._console.note("nobody knows the words of this track")
        elif not data.get("timed"):
            self._console.note(f"its words have no times ({text(data, 'provider')}); see `stellatune lyrics`")

    def show(self, data: JsonObject) -> None:
        """A line is due, or a word of it."""
        at = (number(data, "index"), number(data, "line"))
        line = plain(str(data.get("text", "")))
        if at[1] is None or at[1] < 0:
            return
        if at != self._at:
            self._close()
            self._at = at
            if not self._draws:
                self._console.result(line)
        if self._draws:
            self._open = line
            self._draw(line, data.get("sung"))

    def _draw(self, line: str, sung: object) -> None:
        line = _fitting(line, shutil.get_terminal_size().columns - 1)
        bright = len(line) if not isinstance(sung, int) else sung
        shown = click.style(line[:bright], bold=True) + click.style(line[bright:], dim=True)
        click.echo(_CLEAR + shown, nl=False, color=True)
        sys.stdout.flush()

    def _close(self) -> None:
        """What was sung stays, in full."""
        if self._open:
            click.echo(_CLEAR + self._open, color=True)
            self._open = ""


def _fitting(line: str, columns: int) -> str:
    """As much of it as a row of the terminal holds; some characters take two columns, some none."""
    from rich.cells import cell_len

    while cell_len(line) > columns:
        line = line[: max(columns // 2, len(line) - (cell_len(line) - columns + 1) // 2)]
    return line
