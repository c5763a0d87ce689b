"""What a scan did so far, in numbers. The loop's thread."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Tally"]


@dataclass(slots=True)
class Tally:
    """What a scan did so far. ``read``: files that some decoder took; ``problems``: new ones; ``left``: files that were
    not read, for want of a plugin or of permission, and are tried again by the next scan.
    """

    found: int = 0
    read: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0
    unchanged: int = 0
    problems: int = 0
    known_problems: int = 0
    left: int = 0
    deaths: int = 0

    @property
    def changes(self) -> int:
        """What the library holds now otherwise than before."""
        return self.added + self.changed + self.moved + self.removed + self.problems
