"""The other parts of the screen: what is heard, the chain, what happened."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.widget import Widget
from textual.widgets import RichLog

from host.tui.playing import Heard, bar, fitted, headline, modes_line
from host.tui.rows import Rows
from host.tui.stages import Stage, stage_lines

__all__ = ["ChainView", "Happenings", "NowPlaying"]

_FRESH_S = 2.0
_MOST_LINES = 500


class NowPlaying(Widget):
    """Three lines, and the line that is sung. Between two looks the place moves by the clock of this process."""

    heard = Heard({}, 0.0)
    sung = Text()

    def show(self, heard: Heard) -> None:
        """From now on."""
        self.heard = heard
        self.refresh()

    def sing(self, line: Text) -> None:
        """What is sung from now on."""
        self.sung = line
        self.refresh()

    def render(self) -> Text:
        """At this moment."""
        width = self.size.width
        if not self.heard.playback:
            return Text("no host answers", style="bold yellow")
        lines = (
            headline(self.heard, width),
            bar(self.heard, time.monotonic(), width),
            modes_line(self.heard, width),
            fitted(self.sung if self.heard.track else Text(), Text(), width),
        )
        return Text("\n", no_wrap=True).join(lines)


class ChainView(Rows):
    """Two lines for each stage; a generation that is new stands out for a moment."""

    lines_each: ClassVar[int] = 2

    def __init__(self) -> None:
        super().__init__("chain")
        self._stages: list[Stage] = []
        self._fresh_until_s: dict[str, float] = {}

    @property
    def count(self) -> int:
        """How many stages there are."""
        return len(self._stages)

    @property
    def stages(self) -> Sequence[Stage]:
        """All, in the order of the music."""
        return self._stages

    @property
    def selected(self) -> Stage | None:
        """The one at the cursor."""
        return self._stages[self.cursor] if self.cursor < len(self._stages) else None

    def is_fresh(self, stage: Stage) -> bool:
        """Whether its generation came a moment ago."""
        return time.monotonic() < self._fresh_until_s.get(stage.name, 0.0)

    def show(self, stages: list[Stage]) -> None:
        """From now on."""
        before = {stage.name: stage.generation for stage in self._stages}
        for stage in stages:
            old = before.get(stage.name, "-")
            if "-" not in (old, stage.generation) and old != stage.generation:
                self._fresh_until_s[stage.name] = time.monotonic() + _FRESH_S
                self.set_timer(_FRESH_S, self.refresh)
        self._stages = stages
        self.put_cursor(self.cursor)

    def row(self, index: int, width: int) -> Sequence[Text]:
        """One stage."""
        stage = self._stages[index]
        return stage_lines(stage, width, fresh=self.is_fresh(stage))


class Happenings(RichLog, can_focus=False):
    """The last faults and events, newest below."""

    def __init__(self) -> None:
        super().__init__(id="happenings", max_lines=_MOST_LINES, wrap=True, min_width=20)
