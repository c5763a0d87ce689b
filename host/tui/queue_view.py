"""The queue, of which only the pages that were looked at are here: fifty thousand entries cost what one window does."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from rich.text import Text

from host.cli.clock import clock
from host.cli.rows import number, objects, text
from host.jsontext import JsonObject
from host.records import record
from host.tui.playing import fitted, title_of
from host.tui.rows import Rows

__all__ = ["PAGE_ROWS", "QueueView", "entry_line"]

PAGE_ROWS = 200
_MOST_PAGES = 8


@record
class _Page:
    version: int
    entries: list[JsonObject]


class QueueView(Rows):
    """``want``: called when a page is missing, or is of another version than the queue; ``wanted`` says which."""

    def __init__(self, want: Callable[[], None]) -> None:
        super().__init__("queue")
        self._want = want
        self._wanted: set[int] = set()
        self._pages: OrderedDict[int, _Page] = OrderedDict()
        self._version = -1
        self._length = 0
        self._current: int | None = None
        self._follows = True

    @property
    def count(self) -> int:
        """How many entries there are in the host."""
        return self._length

    @property
    def loaded(self) -> int:
        """How many of them are here."""
        return sum(len(page.entries) for page in self._pages.values())

    @property
    def selected(self) -> JsonObject | None:
        """The entry at the cursor, if it is here."""
        return self._entry(self.cursor)

    def forget(self) -> None:
        """Another host, another queue."""
        self._pages.clear()
        self._version, self._length, self._current, self._follows = -1, 0, None, True
        self.put_cursor(0)

    def show(self, queue: JsonObject) -> None:
        """What an answer says of all: version, length, current entry. A cursor on the current one stays on it."""
        version, length = int(number(queue, "version") or 0), int(number(queue, "length") or 0)
        current = number(queue, "current")
        if (version, length, current) == (self._version, self._length, self._current):
            return
        self._follows = self._follows or self._place_of(self._current) == self.cursor
        self._version, self._length = version, length
        self._current = None if current is None else int(current)
        self.put_cursor(self.cursor)
        self._follow()

    def wanted(self) -> list[int]:
        """Pages to be fetched; they are not wanted again until they are looked at again."""
        wanted, self._wanted = sorted(self._wanted), set()
        return wanted

    def fill(self, page: int, found: JsonObject) -> None:
        """The answer to the question for a page."""
        version = int(number(found, "version") or 0)
        self._pages[page] = _Page(version, objects(found, "entries"))
        self._pages.move_to_end(page)
        while len(self._pages) > _MOST_PAGES:
            self._pages.popitem(last=False)
        self.show(found)
        self._follow()
        self._follows = False
        self.refresh()

    def find(self, words: str) -> bool:
        """The cursor goes to the next entry with these words, of those that are here; False: there is none."""
        places = sorted(
            page * PAGE_ROWS + place
            for page, held in self._pages.items()
            for place, entry in enumerate(held.entries)
            if words.casefold() in f"{title_of(entry)} {text(entry, 'album')}".casefold()
        )
        if not places:
            return False
        self.put_cursor(next((place for place in places if place > self.cursor), places[0]))
        return True

    def row(self, index: int, width: int) -> Sequence[Text]:
        """One entry, or dots until it is here."""
        page = index // PAGE_ROWS
        held = self._pages.get(page)
        if held is None or held.version != self._version:
            self._wanted.add(page)
            self._want()
        else:
            self._pages.move_to_end(page)
        entry = self._entry(index)
        if entry is None:
            return (Text(f"{index + 1:>6}  ...", style="dim"),)
        return (entry_line(entry, index + 1, width, current=entry.get("id") == self._current),)

    def _entry(self, index: int) -> JsonObject | None:
        page, place = divmod(index, PAGE_ROWS)
        held = self._pages.get(page)
        return held.entries[place] if held is not None and place < len(held.entries) else None

    def _follow(self) -> None:
        place = self._place_of(self._current)
        if self._follows and place is not None:
            self._follows = False
            self.put_cursor(place)

    def _place_of(self, entry_id: int | None) -> int | None:
        if entry_id is None:
            return None
        for page, held in self._pages.items():
            for place, entry in enumerate(held.entries):
                if entry.get("id") == entry_id:
                    return page * PAGE_ROWS + place
        return None


def entry_line(entry: JsonObject, place: int, width: int, *, current: bool) -> Text:
    """``>    12  Artist - Title``; one that could not be played has a ! and its reason."""
    trouble = entry.get("trouble")
    mark = "!" if trouble else ">" if current else " "
    style = "bold green" if current else "red" if trouble else ""
    reason = f"  {text(entry, 'trouble')}" if trouble else ""
    length_s = number(entry, "length_s")
    line = Text.assemble((f"{mark}{place:>5}  ", style or "dim"), (title_of(entry), style), (reason, "red"))
    return fitted(line, Text("" if length_s is None else clock(length_s), style="dim"), width)
