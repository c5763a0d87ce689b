"""From two looks at a host to the rows of ``plugins top``: what each lane did in between. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from host.cli.rows import number, objects, text
from host.cli.talking import short
from host.jsontext import JsonObject
from host.records import record

__all__ = ["HEAD", "Cost", "Pace", "Row", "rows_between", "table"]

_PLACE = ("S", "ID", "KIND", "GEN", "PID", "RATE")
_PACE = ("WAIT", "BUSY", "W/Q", "B/Q")
_COST = ("CPU%", "RSS", "RST", "UP", "LAST-EXIT")
HEAD = (*_PLACE, *_PACE, "XRUN", *_COST)
_LEFT = {"S", "ID", "KIND", "LAST-EXIT"}
_STATES = {"starting": "S", "draining": "D"}


@record
class Pace:
    """``busy_us``: in one call of the plugin that moves audio, of the ``block_us`` from one block to the next."""

    block_us: float
    busy_us: float

    @property
    def wait_us(self) -> float:
        """The rest of that time."""
        return self.block_us - self.busy_us

    @property
    def busy_share(self) -> float:
        """Of that time, 0 to 1."""
        return self.busy_us / self.block_us


@record
class Cost:
    """Of a process as a whole; None: not known, or not of this process."""

    cpu_percent: float | None = None
    rss_bytes: int | None = None
    restarts: int | None = None
    up_s: float | None = None
    last_exit: str | None = None


@record
class Row:
    """One lane of a worker, or a worker in which nothing lives, or the host.

    ``state``: R it moved audio, W it waits, I nothing lives in it, S it starts, D it drains. ``cost`` stands in the
    first row of a process.
    """

    state: str
    id: str
    kind: str
    generation: int | None
    pid: int | None
    cost: Cost | None
    instance: int | None = None
    rate_hz: int | None = None
    xruns: int | None = None
    pace: Pace | None = None

    @property
    def facts(self) -> JsonObject:
        """For ``--json``."""
        facts: JsonObject = asdict(self)
        if self.pace is not None:
            facts["pace"] = asdict(self.pace) | {"wait_us": self.pace.wait_us, "busy_share": self.pace.busy_share}
        return facts

    @property
    def cells(self) -> list[str]:
        """As people read it, one for each word of ``HEAD``."""
        pace, cost = self.pace, self.cost or Cost()
        return [
            self.state,
            self.id,
            self.kind,
            _shown(self.generation),
            _shown(self.pid),
            _shown(self.rate_hz),
            *(("",) * len(_PACE) if pace is None else _of_pace(pace)),
            _shown(self.xruns),
            "" if cost.cpu_percent is None else f"{cost.cpu_percent:.1f}",
            "" if cost.rss_bytes is None else f"{cost.rss_bytes / (1 << 20):.1f}M",
            _shown(cost.restarts),
            "" if cost.up_s is None else _up(cost.up_s),
            cost.last_exit or "",
        ]


def rows_between(before: JsonObject, now: JsonObject) -> list[Row]:
    """The host first, then its workers in the order of their starts."""
    took_s = _grown(before, now, "monotonic_s")
    host, old_host = _object(now, "host"), _object(before, "host")
    rows = [Row("R", "host", "-", None, _whole(host, "pid"), _cost(old_host, host, took_s))]
    olds = {text(each, "pid"): each for each in objects(before, "workers")}
    for worker in objects(now, "workers"):
        rows += _of_worker(olds.get(text(worker, "pid"), {}), worker, took_s)
    return rows


def table(rows: list[Row]) -> list[str]:
    """The rows under their head, in columns."""
    lines = [[*HEAD], *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return [
        "  ".join(
            cell.ljust(width) if name in _LEFT else cell.rjust(width)
            for name, cell, width in zip(HEAD, line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def _of_worker(old: JsonObject, worker: JsonObject, took_s: float) -> Iterator[Row]:
    name = short(worker.get("plugin")) + ("" if worker.get("role") == "play" else f" ({text(worker, 'role')})")
    generation, pid = _whole(worker, "generation"), _whole(worker, "pid")
    state = _STATES.get(text(worker, "state"))
    cost: Cost | None = _cost(old, worker, took_s)
    lanes = objects(worker, "lanes")
    olds = {text(each, "instance"): each for each in objects(old, "lanes")}
    if not lanes:
        yield Row(state or "I", name, "-", generation, pid, cost)
    for lane in lanes:
        old_lane = olds.get(text(lane, "instance"), {})
        yield Row(
            state or ("R" if _grown(old_lane, lane, "blocks") > 0 else "W"),
            f"{name}/{text(lane, 'instance')}",
            text(lane, "kind"),
            generation,
            pid,
            cost,
            _whole(lane, "instance"),
            _whole(lane, "sample_rate_hz"),
            _whole(lane, "xruns"),
            _pace(old_lane, lane, took_s),
        )
        cost = None


def _pace(old: JsonObject, lane: JsonObject, took_s: float) -> Pace | None:
    """None where no block was moved, or none of its calls was timed."""
    blocks, calls = _grown(old, lane, "blocks"), _grown(old, lane, "timed_calls")
    if min(blocks, calls, took_s) <= 0:
        return None
    block_us = took_s * 1e6 / blocks
    return Pace(block_us, min(_grown(old, lane, "timed_ns") / calls / 1e3, block_us))


def _cost(old: JsonObject, process: JsonObject, took_s: float) -> Cost:
    known = took_s > 0 and number(process, "cpu_s") is not None and number(old, "cpu_s") is not None
    last_exit = process.get("last_exit")
    return Cost(
        100 * _grown(old, process, "cpu_s") / took_s if known else None,
        _whole(process, "rss_bytes"),
        _whole(process, "restarts"),
        number(process, "up_s"),
        last_exit if isinstance(last_exit, str) else None,
    )


def _grown(old: JsonObject, now: JsonObject, name: str) -> float:
    return (number(now, name) or 0.0) - (number(old, name) or 0.0)


def _whole(row: JsonObject, name: str) -> int | None:
    found = number(row, name)
    return None if found is None else int(found)


def _object(row: JsonObject, name: str) -> JsonObject:
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def _shown(value: int | None) -> str:
    return "" if value is None else str(value)


def _of_pace(pace: Pace) -> list[str]:
    shares = (f"{1 - pace.busy_share:.2f}", f"{pace.busy_share:.2f}")
    return [_duration(pace.wait_us), _duration(pace.busy_us), *shares]


def _duration(us: float) -> str:
    if us < 1000:
        return f"{us:.1f}us"
    return f"{us / 1000:.1f}ms" if us < 1e6 else f"{us / 1e6:.1f}s"


def _up(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
