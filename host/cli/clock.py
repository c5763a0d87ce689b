"""Time as people read it."""

from __future__ import annotations

__all__ = ["clock"]


def clock(seconds: float | None) -> str:
    """``01:12.4``, or dashes for what is not known."""
    if seconds is None:
        return "--:--.-"
    tenths = int(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02}" if hours else f"{minutes:02}"
    return f"{head}:{rest // 10:02}.{rest % 10}"
