"""One line of the log: when, how grave, from whom, and what, in this order and safe to print."""

from __future__ import annotations

from datetime import UTC, datetime

from abi.kinds import LogLevel
from host.printable import printable
from host.records import record

__all__ = ["HOST", "MAX_TEXT_CHARS", "Entry", "level_of"]

#: The source of what no plugin said.
HOST = "host"
#: Of a text; the rest is counted.
MAX_TEXT_CHARS = 2000


@record
class Entry:
    """``source``: ``host``, or a plugin with its generation and, in a call of one, its instance: ``id#2/7``."""

    time_s: float
    level: LogLevel
    source: str
    text: str

    @property
    def line(self) -> str:
        """Without the newline at its end; four columns, and the last may hold blanks."""
        at = datetime.fromtimestamp(self.time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = self.text
        if len(text) > MAX_TEXT_CHARS:
            text = f"{text[:MAX_TEXT_CHARS]} ... and {len(text) - MAX_TEXT_CHARS} characters more"
        return f"{at} {self.level.name.lower():5} {printable(self.source)} {printable(text)}"


def level_of(word: str) -> LogLevel:
    """The level that settings call so. Raises: KeyError."""
    return LogLevel[word.upper()]
