"""What is written down: every fact once, in one line that no terminal obeys."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from abi.kinds import LogLevel
from host.events import ConfigReloaded, EventBus, PluginFault, PluginLogLine, StageMended, WorkerStarted
from host.ids import Generation, InstanceId, PluginId, Role, TypeId
from host.logbook import Entry, Logbook
from host.settings import LogSettings

FX = PluginId("a.fx")
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warn |info |debug|trace) (\S+) (.*)")


def kept(path: Path, settings: LogSettings, work: Callable[[EventBus, Logbook], None]) -> list[tuple[str, str, str]]:
    """Level, source and text of every line after the work."""

    async def main() -> None:
        bus = EventBus()
        log = Logbook(bus, path, settings)
        work(bus, log)
        await log.close()
        await log.close()

    asyncio.run(main())
    found = [LINE.fullmatch(line) for line in path.read_text().splitlines()]
    assert None not in found, path.read_text()
    return [(one[1].strip(), one[2], one[3]) for one in found if one is not None]


def test_plugins_and_host_are_told_apart(tmp_path: Path) -> None:
    def work(bus: EventBus, log: Logbook) -> None:
        log.say(LogLevel.INFO, "begins")
        bus.publish(PluginLogLine(FX, Generation(2), InstanceId(7), LogLevel.WARN, "careful"))
        bus.publish(PluginLogLine(FX, Generation(2), InstanceId(0), 99, "a level that is none"))
        bus.publish(
            PluginFault(
                FX, Role.PLAY, Generation(2), 9, InstanceId(7), "process", "crash", "SIGSEGV", "at 0x0",
                (), ("last", "words"), "restart", 1,
            )
        )  # fmt: skip
        bus.publish(ConfigReloaded(("log.level: info -> debug",), (), ()))

    assert kept(tmp_path / "x.log", LogSettings(), work) == [
        ("info", "host", "begins"),
        ("warn", "a.fx#2/7", "careful"),
        ("error", "host", "a.fx#2: crash in process: at 0x0; restart"),
        ("error", "a.fx#2", "| last"),
        ("error", "a.fx#2", "| words"),
        ("info", "host", "the configuration was read again: log.level: info -> debug"),
    ]


@pytest.mark.parametrize(("level", "count"), [("error", 0), ("warn", 1), ("info", 2), ("debug", 3), ("trace", 4)])
def test_the_level_decides_and_can_change(tmp_path: Path, level: str, count: int) -> None:
    mended = StageMended("fx", FX, TypeId("fx"), Generation(1), Generation(2), 0, "A", "crashed", None, None, 0, False)

    def work(bus: EventBus, log: Logbook) -> None:
        log.configure(LogSettings(level=level))
        bus.publish(mended)
        log.say(LogLevel.INFO, "so so")
        bus.publish(WorkerStarted(FX, Role.PLAY, Generation(2), 9))
        bus.publish(PluginLogLine(FX, Generation(2), InstanceId(0), LogLevel.TRACE, "detail"))

    (tmp_path / "x.log").touch()
    assert len(kept(tmp_path / "x.log", LogSettings(level="error"), work)) == count


def test_a_line_is_one_line_and_short() -> None:
    hostile = Entry(0.0, LogLevel.ERROR, "a.fx#1\n", "\x1b[2Jbad\nline\u202e" + "x" * 5000).line
    assert hostile.isprintable()
    assert hostile.startswith("1970-01-01T00:00:00.000Z error a.fx#1\\n \\x1b[2Jbad\\nline\\u202e")
    assert hostile.endswith("x ... and 3013 characters more")


def test_facts_that_come_too_fast_are_counted(tmp_path: Path) -> None:
    counts: list[object] = []

    def work(bus: EventBus, log: Logbook) -> None:
        for number in range(5000):
            bus.publish(PluginLogLine(FX, Generation(1), InstanceId(0), LogLevel.INFO, f"{number}"))
        counts.append(log.facts()["dropped"])

    lines = kept(tmp_path / "x.log", LogSettings(), work)
    assert counts == [5000 - 4096]
    assert lines[0] == ("warn", "host", "904 facts came faster than they could be written down")
    told = sum(text.isdigit() for _, _, text in lines)
    missing = sum(int(text.split()[1]) for _, _, text in lines if "missing here" in text)
    assert told + missing > 0
