"""What a process costs the machine: processor time and memory, as the kernel counts them."""

from __future__ import annotations

from host.records import record

__all__ = ["ProcessUse", "use_of"]


@record
class ProcessUse:
    """``cpu_s``: since it began, all threads. ``rss_bytes``: resident, what it shares with others among it."""

    cpu_s: float
    rss_bytes: int


def use_of(pid: int) -> ProcessUse | None:
    """None when the process is gone, or may not be looked at. Never waits."""
    import psutil

    try:
        process = psutil.Process(pid)
        with process.oneshot():
            times, memory = process.cpu_times(), process.memory_info()
    except (psutil.Error, OSError):
        return None
    return ProcessUse(times.user + times.system, memory.rss)
