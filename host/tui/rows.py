"""A window onto rows of equal height, with a cursor: however many there are, only what is seen is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["Rows"]

_WHEEL_ROWS = 3


class Rows(Widget, can_focus=True):
    """Its heirs say how many rows there are, and how each looks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "go(0)", show=False),
        Binding("end", "go(-1)", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor"}
    DEFAULT_CSS = """
    Rows > .rows--cursor { background: $surface-lighten-2; }
    Rows:focus > .rows--cursor { background: $primary-darken-2; }
    """
    lines_each: ClassVar[int] = 1

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self.cursor = 0
        self._top = 0

    @property
    def count(self) -> int:
        """How many there are."""
        raise NotImplementedError

    def row(self, index: int, width: int) -> Sequence[Text]:
        """The lines of one row, at most so wide."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """One line of the window."""
        width = self.size.width
        place, part = divmod(y, self.lines_each)
        index = self._top + place
        if index >= self.count:
            return Strip.blank(width, self.rich_style)
        at_cursor = self.get_component_rich_style("rows--cursor") if index == self.cursor else self.rich_style
        line = self.row(index, width)[part]
        strip = Strip(list(line.render(self.app.console)))
        return strip.adjust_cell_length(width, at_cursor).apply_style(at_cursor)

    def put_cursor(self, index: int) -> None:
        """On a row, or on the nearest that there is; it is seen then."""
        self.cursor = max(0, min(index, self.count - 1))
        held = max(1, self.size.height // self.lines_each)
        self._top = max(min(self._top, self.cursor, self.count - held), self.cursor - held + 1, 0)
        self.refresh()

    def action_move(self, by: int) -> None:
        """So many rows down, or up."""
        self.put_cursor(self.cursor + by)

    def action_page(self, by: int) -> None:
        """So many windows down, or up."""
        self.put_cursor(self.cursor + by * max(1, self.size.height // self.lines_each))

    def action_go(self, index: int) -> None:
        """To a row; -1 is the last."""
        self.put_cursor(index if index >= 0 else self.count - 1)

    def on_resize(self, _event: Resize) -> None:
        """The cursor stays in sight."""
        self.put_cursor(self.cursor)

    def on_click(self, event: Click) -> None:
        """The cursor goes there."""
        at = event.get_content_offset(self)
        if at is not None:
            self.put_cursor(self._top + at.y // self.lines_each)

    def on_mouse_scroll_down(self, _event: MouseScrollDown) -> None:
        """As with keys."""
        self.action_move(_WHEEL_ROWS)

    def on_mouse_scroll_up(self, _event: MouseScrollUp) -> None:
        """As with keys."""
        self.action_move(-_WHEEL_ROWS)
