"""Commands that stay: what they show of a host that plays, and over the end of one host and the begin of the next."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from typing import Any

from tests.e2e.conftest import Started, Stellatune
from tests.e2e.test_control import END_S, ask, playing, wait_for_line


def document(process: Started) -> dict[str, Any]:
    assert process.stdout is not None
    found: dict[str, Any] = json.loads(process.stdout.readline())
    return found


def test_top_shows_what_each_lane_does_and_costs(stellatune: Stellatune) -> None:
    with playing(stellatune, "--dsp", "gain"):
        shown = ask(stellatune, "--json", "plugins", "top", "--interval", "0.5", "--once")
        assert (shown.code, shown.err) == (0, "")
        rows = {row["kind"]: row for row in json.loads(shown.out)["rows"]}
        assert set(rows) == {"-", "decoder", "dsp", "sink"}
        for kind in ("decoder", "dsp", "sink"):
            row = rows[kind]
            assert row["state"] == "R" and row["rate_hz"] == 44_100
            assert 0 < row["pace"]["busy_us"] <= row["pace"]["block_us"]
            assert row["cost"]["rss_bytes"] > 1 << 20 and row["cost"]["cpu_percent"] >= 0
        lines = ask(stellatune, "plugins", "top", "--interval", "0.1", "--once").out.splitlines()
        assert lines[0].split()[:4] == ["S", "ID", "KIND", "GEN"]
        assert lines[1].split()[:2] == ["R", "host"]
        assert any(line.split()[1].startswith("dsp.gain/") for line in lines[1:-1])


def test_events_and_status_go_over_to_the_next_host(stellatune: Stellatune) -> None:
    assert stellatune("events", "--reconnect").code == 3, "no host at the beginning is an error"
    with stellatune.start("serve") as first:
        wait_for_line(first, "serving on")
        listener = stellatune.start("events", "--filter", "worker.started", "--reconnect")
        wait_for_line(listener, "listening")
        watcher = stellatune.start("--json", "status", "--watch", "--interval", "0.1")
        assert document(watcher)["host"]["pid"] == first.pid
        assert ask(stellatune, "plugins", "restart", "gain").code == 0
        assert document(listener)["seq"] == 1
        assert ask(stellatune, "quit").code == 0
        first.communicate(timeout=END_S)
    with listener, watcher:
        assert f"(pid {first.pid}) has gone" in wait_for_line(listener, "the host")
        while document(watcher)["live"]:
            pass
        with stellatune.start("serve") as second:
            wait_for_line(second, "serving on")
            assert f"(pid {second.pid}) answers" in wait_for_line(listener, "the host")
            wait_for_line(listener, "listening")
            assert document(watcher)["host"]["pid"] == second.pid
            assert ask(stellatune, "plugins", "restart", "gain").code == 0
            assert document(listener)["event"] == "worker.started"
            assert ask(stellatune, "quit").code == 0
            second.communicate(timeout=END_S)
        listener.kill()
        watcher.kill()
    stellatune.expect_nothing_left()


def test_a_terminal_is_drawn_on_and_given_back(stellatune: Stellatune) -> None:
    near, far = pty.openpty()
    with stellatune.start("serve") as host, os.fdopen(near, "rb", buffering=0) as terminal:
        wait_for_line(host, "serving on")
        command = [sys.executable, "-m", "host", "plugins", "top", "--interval", "0.1"]
        shown = b""
        with subprocess.Popen(
            command, cwd=stellatune.place, env=stellatune.environment() | {"TERM": "xterm"}, stdout=far, stdin=far
        ) as drawing:
            os.close(far)
            while shown.count(b"KIND") < 3:
                shown += terminal.read(4096)
            drawing.send_signal(signal.SIGINT)
            try:
                while data := terminal.read(4096):
                    shown += data
            except OSError:
                pass  # how a terminal without an other side ends
        assert drawing.returncode == 130
        assert ask(stellatune, "quit").code == 0
        host.communicate(timeout=END_S)
    assert shown.rfind(b"\x1b[?1049h") < shown.rfind(b"\x1b[?1049l"), "the screen of before is back"
    assert shown.rfind(b"\x1b[?25l") < shown.rfind(b"\x1b[?25h"), "and the cursor"
    stellatune.expect_nothing_left()
