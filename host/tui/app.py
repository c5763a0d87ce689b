"""The screen put together: looks at the host when something happens there, and keys that become requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widgets import Input, Static

from host.cli.console import plain
from host.cli.plugin_control import renewal_line
from host.cli.rows import objects, text
from host.cli.signals import exit_code, signals_to_answer
from host.cli.talking import ANSWER_S, RENEW_S
from host.control.client import RemoteError
from host.errors import NotRunning, StellaError
from host.jsontext import Json, JsonObject
from host.tui.happenings import event_line, fault_text, noted
from host.tui.link import Link
from host.tui.playing import Heard, sung_line
from host.tui.queue_view import PAGE_ROWS, QueueView
from host.tui.stages import Stage, stages_of
from host.tui.views import ChainView, Happenings, NowPlaying

__all__ = ["Tui", "show"]

#: How often the place is drawn while it moves.
_TICK_S = 0.2
#: From one look to the next: while it plays, and while nothing happens; events make it look at once.
_PLAYING_S = 1.0
_RESTING_S = 10.0
#: What happens together is looked at together.
_TOGETHER_S = 0.1
_SEEK_S = 10
_REPEATS = {"off": "all", "all": "one", "one": "off"}
_KEYS = (
    ("␣", "▶‖"),
    ("np", "skip"),
    ("←→", "10s"),
    ("+-", "dB"),
    ("⏎", "go"),
    ("d", "del"),
    ("s", "shuf"),
    ("r", "rep"),
    ("R", "restart"),
    ("b", "byp"),
    ("/", "find"),
    ("q", "quit"),
)


class Tui(App[None]):
    """Of the hosts at one socket."""

    TITLE = "stellatune"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = "#queue"
    CSS = """
    NowPlaying { height: 4; padding: 0 1; }
    #middle { height: 1fr; }
    Rows { border: round $primary-darken-1; width: 1fr; }
    Rows:focus { border: round $accent; }
    Happenings { border: round $primary-darken-1; height: 30%; min-height: 7; }
    Happenings { scrollbar-size: 1 1; background: $background; }
    #keys { height: 1; }
    #find { display: none; height: 1; border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "steer('transport.toggle')", show=False),
        Binding("n", "steer('transport.next')", show=False),
        Binding("p", "steer('transport.prev')", show=False),
        Binding("left", f"steer('transport.seek', {{'by': -{_SEEK_S}}})", show=False),
        Binding("right", f"steer('transport.seek', {{'by': {_SEEK_S}}})", show=False),
        Binding("plus,equals_sign", "steer('transport.volume', {'by_db': 1})", show=False),
        Binding("minus", "steer('transport.volume', {'by_db': -1})", show=False),
        Binding("enter", "play_selected", show=False),
        Binding("d", "drop_selected", show=False),
        Binding("s", "shuffle", show=False),
        Binding("r", "repeat", show=False),
        Binding("R", "restart", show=False),
        Binding("b", "bypass", show=False),
        Binding("slash", "find", show=False),
        Binding("escape", "leave_find", show=False),
        Binding("q", "quit", show=False),
        Binding("ctrl+c", "quit", show=False, priority=True),
    ]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._link = Link(path, self)
        self._stirred = asyncio.Event()
        self._present = False
        self._effects: list[JsonObject] = []
        self._loads: tuple[JsonObject, JsonObject] = ({}, {})
        self._now = NowPlaying()
        self._queue = QueueView(self._stirred.set)
        self._chain = ChainView()
        self._told = Happenings()
        self._find = Input(id="find", placeholder="find in what was looked at", compact=True)
        self._tick: Timer | None = None

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield self._now
        with Horizontal(id="middle"):
            yield self._queue
            yield self._chain
        yield self._told
        yield self._find
        words = (part for key, what in _KEYS for part in ((key, "bold cyan"), (f" {what} ", "dim")))
        yield Static(Text.assemble(*words, no_wrap=True), id="keys")

    def on_mount(self) -> None:
        """Everything begins with the connection."""
        self._chain.border_title, self._told.border_title = "chain", "faults and events"
        self._tick = self.set_interval(_TICK_S, self._now.refresh, pause=True)
        self.run_worker(self._link.keep())
        self.run_worker(self._keep_looking())

    # ---- what the link tells ----

    def joined(self, pid: int) -> None:
        """A host answers."""
        self._present = True
        self._loads = ({}, {})
        self._queue.forget()
        self._tell("green", f"the host (pid {pid}) answers")
        self.run_worker(self._tell_earlier_faults())
        self._stirred.set()

    def lost(self, pid: int) -> None:
        """It has gone; nothing of what is shown holds any more."""
        self._present = False
        self._chain.show([])
        self._queue.forget()
        self._show(Heard({}, 0.0))
        self._tell("bold yellow", f"the host (pid {pid}) has gone; waiting for the next one")

    def heard(self, event: JsonObject) -> None:
        """Something happened there. A line of the words is shown, and no reason to look at the rest."""
        if str(event.get("event")).startswith("lyrics."):
            self._now.sing(sung_line(event))
            return
        line = event_line(event)
        if line is not None:
            self._told.write(line)
        self._stirred.set()

    # ---- looks at the host ----

    async def _keep_looking(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pause_s()):
                    await self._stirred.wait()
            try:
                await self._fetch_pages()
                await asyncio.sleep(_TOGETHER_S)
                self._stirred.clear()
                await self._look()
            except NotRunning:
                self._stirred.clear()  # the link tells when there is one again
            except StellaError as error:
                self._tell("red", str(error))

    def _pause_s(self) -> float | None:
        if not self._present:
            return None
        return _PLAYING_S if self._now.heard.state == "playing" else _RESTING_S

    async def _look(self) -> None:
        found = await self._link.ask("status", {})
        self._loads = (self._loads[1], await self._link.ask("plugins.top", {}))
        try:
            self._effects = objects(await self._link.ask("dsp.list", {}), "effects")
        except RemoteError:
            self._effects = []  # nothing plays, and nothing would
        playback = found.get("playback")
        if isinstance(playback, dict):
            self._show(Heard(playback, time.monotonic()))
            self._show_chain()
        await self._fetch_pages()

    async def _fetch_pages(self) -> None:
        for page in self._queue.wanted():
            first = page * PAGE_ROWS + 1
            self._queue.fill(page, await self._link.ask("queue.list", {"first": first, "limit": PAGE_ROWS}))

    async def _tell_earlier_faults(self) -> None:
        with suppress(StellaError):
            for fault in objects(await self._link.ask("status", {}), "faults"):
                self._told.write(noted("red", fault_text(fault)))

    def _show(self, heard: Heard) -> None:
        self._now.show(heard)
        if self._tick is not None:
            (self._tick.resume if heard.state == "playing" else self._tick.pause)()
        if heard.playback:
            self._queue.show(heard.queue)
        self._queue.border_title = f"queue of {self._queue.count}"

    def _show_chain(self) -> None:
        self._chain.show(stages_of(self._now.heard.playback, self._effects, *self._loads))

    def _tell(self, style: str, words: str) -> None:
        self._told.write(noted(style, plain(words), time.time()))

    # ---- keys ----

    def action_steer(self, verb: str, arguments: dict[str, Json] | None = None) -> None:
        """A verb of the transport; what it answers is shown at once."""
        self._ask(verb, arguments or {}, lambda playback: self._show(Heard(playback, time.monotonic())))

    def action_play_selected(self) -> None:
        """The entry at the cursor, from its begin."""
        entry = self._queue.selected
        if entry is not None:
            self.action_steer("transport.goto", {"id": entry.get("id")})

    def action_drop_selected(self) -> None:
        """The entry at the cursor leaves the queue."""
        entry = self._queue.selected
        if entry is not None:
            self._ask("queue.remove", {"ids": [entry.get("id")]}, self._queue.show)

    def action_shuffle(self) -> None:
        """On or off."""
        self._ask("queue.mode", {"shuffle": not self._now.heard.queue.get("shuffle")}, self._queue.show)

    def action_repeat(self) -> None:
        """Off, all, one, and off again."""
        repeat = _REPEATS.get(text(self._now.heard.queue, "repeat"), "off")
        self._ask("queue.mode", {"repeat": repeat}, self._queue.show)

    def action_restart(self) -> None:
        """A new generation of the plugin at the cursor of the chain."""
        stage = self._chain.selected
        if stage is not None:
            self._tell("dim", f"restarting {stage.plugin}")
            self._ask("plugins.restart", {"id": stage.plugin}, self._renewed, RENEW_S)

    def action_bypass(self) -> None:
        """The effect at the cursor of the chain is left out, or comes back."""
        stage = self._chain.selected
        if stage is None:
            return
        if not stage.is_effect:
            self._tell("yellow", f"{stage.name} is no effect: nothing can go past it")
            return
        off = stage.heard == "left_out"
        wish: JsonObject = {"name": stage.name, "off": off}
        self._ask("dsp.bypass", wish, lambda done: self._bypassed(stage, off, done), RENEW_S)

    def action_find(self) -> None:
        """Words are typed in the place of the keys."""
        self._find.display = True
        self._find.focus()

    def action_leave_find(self) -> None:
        """Back to the queue."""
        self._find.display = False
        self._queue.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """To the next entry with these words."""
        if not self._queue.find(event.value):
            self._tell("yellow", f"nothing that was looked at has {event.value!r}")
        self.action_leave_find()

    def _renewed(self, done: JsonObject) -> None:
        self._tell("green", renewal_line(done))

    def _bypassed(self, stage: Stage, off: bool, done: JsonObject) -> None:
        self._effects = objects(done, "effects")
        self._show_chain()
        self._tell("", f"{stage.name} {'is back' if off else 'is bypassed'}  {text(done, 'frames_lost')} frames lost")

    def _ask(
        self, verb: str, arguments: JsonObject, done: Callable[[JsonObject], object], timeout_s: float = ANSWER_S
    ) -> None:
        async def ask() -> None:
            try:
                done(await self._link.ask(verb, arguments, timeout_s))
            except StellaError as error:
                self._tell("red", str(error))
            self._stirred.set()

        self.run_worker(ask())


def show(path: Path) -> int:
    """Until somebody leaves it, or a signal ends it: the terminal is as before then. Gives the exit code."""
    app = Tui(path)

    async def shown() -> None:
        loop = asyncio.get_running_loop()
        for number in signals_to_answer():
            loop.add_signal_handler(number, partial(app.exit, return_code=exit_code(number)))
        await app.run_async()

    asyncio.run(shown())
    return app.return_code or 0
