"""``serve`` as a daemon: in the background, told to read its settings again, idle, and ended while something hangs."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Stellatune
from tests.e2e.test_control import END_S, ask, asked, error_of, serving, socket_of, wait_for_line
from tests.support.faulty import Order, copy_id, copy_plugin


def log_of(stellatune: Stellatune) -> Path:
    return stellatune.place / "home" / "state" / "stellatune" / "stellatune.log"


def has_ended(pid: int) -> bool:
    """Also one that nobody has reaped yet: who adopts it may be slow."""
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_host_in_the_background_answers_before_the_command_returns(stellatune: Stellatune) -> None:
    begun = ask(stellatune, "--json", "serve", "--detach")
    assert (begun.code, begun.err) == (0, "")
    pid = begun.document["pid"]
    found = asked(stellatune, "status")
    assert found["host"]["pid"] == pid
    assert found["log"]["file"] == str(log_of(stellatune))
    assert os.getsid(pid) not in (os.getsid(0), pid), "a session of its own, which it does not lead"
    streams = {str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in range(3)}
    assert streams == {"/dev/null"}
    again = ask(stellatune, "--json", "serve", "--detach")
    assert (again.code, error_of(again)["code"]) == (2, "already_running")
    assert ask(stellatune, "plugins", "restart", "gain").code == 0
    assert ask(stellatune, "quit").code == 0
    assert has_ended(pid)
    stellatune.expect_nothing_left()
    lines = log_of(stellatune).read_text().splitlines()
    assert f"pid {pid}" in lines[0] and lines[0].split()[1:3] == ["info", "host"]
    assert lines[-1].endswith("the host ends")


def test_what_fails_in_the_background_is_told_in_the_foreground(stellatune: Stellatune) -> None:
    blocked = stellatune.place / "blocked"
    blocked.write_text("no folder")
    outcome = stellatune("--socket", blocked / "x.sock", "serve", "--detach")
    assert outcome.code == 1
    assert len(outcome.errors) == 1 and "no control socket" in outcome.errors[0]
    outcome = stellatune("serve", "--detach", "--foreground")
    assert outcome.code == 2


def test_an_idle_host_ends_by_itself(stellatune: Stellatune) -> None:
    outcome = stellatune.ok("serve", "--idle-exit", "0.005")
    assert "nothing to do for 0.005 min" in outcome.err
    assert not socket_of(stellatune).exists()


def reload_told(stellatune: Stellatune, pid: int, config: str) -> dict[str, Any]:
    """What the host says about another configuration file."""
    with stellatune.start("events", "--filter", "host.config.reloaded") as listener:
        wait_for_line(listener, "listening")
        file = stellatune.place / "home" / "config" / "stellatune" / "config.toml"
        file.write_text(config)
        os.kill(pid, signal.SIGHUP)
        assert listener.stdout is not None
        event: dict[str, Any] = json.loads(listener.stdout.readline())
        listener.kill()
    assert event["event"] == "host.config.reloaded"
    data: dict[str, Any] = event["data"]
    return data


def test_a_hangup_reads_the_settings_again(stellatune: Stellatune) -> None:
    with serving(stellatune) as host:
        told = reload_told(
            stellatune,
            host.pid,
            '[log]\nlevel = "debug"\n[limits]\nread_ms = 900\n[pipeline]\nblock_frames = 256\n'
            '[plugins."stellatune.dsp.gain".gain]\ngain_db = -6\n',
        )
        assert "log.level: info -> debug" in told["changed"]
        assert "limits.read_ms: 60000 -> 900" in told["changed"]
        assert "stellatune.dsp.gain:gain: for what is opened from now on" in told["changed"]
        assert told["later"] == ["pipeline.block_frames: 512 -> 256, for the next playback"]
        assert told["problems"] == []
        told = reload_told(stellatune, host.pid, "[log\n")
        assert (told["changed"], told["later"]) == ([], []), "what cannot be read changes nothing"
        assert "config.toml" in told["problems"][0]
        assert asked(stellatune, "status")["log"]["level"] == "debug"
        assert ask(stellatune, "plugins", "restart", "gain").code == 0
    lines = log_of(stellatune).read_text().splitlines()
    assert sum("the configuration was read again" in line for line in lines) == 2
    assert [line for line in lines if " debug host stellatune.dsp.gain#" in line], "workers are told at that level"


def test_a_plugin_that_hangs_in_its_end_does_not_hold_up_the_host(stellatune: Stellatune) -> None:
    """All limits are a minute here, so that nothing but the bound of the end itself can be what ends it."""
    order = Order("spin", "shutdown", stellatune.place)
    copy_plugin(stellatune.place / "plugins" / "faulty", order, number=1)
    with stellatune.start("serve", STELLATUNE_PLUGIN_PATH=str(stellatune.place / "plugins")) as host:
        wait_for_line(host, "serving on")
        assert ask(stellatune, "plugins", "restart", copy_id(1)).code == 0
        host.send_signal(signal.SIGTERM)
        host.communicate(timeout=END_S / 2)
    assert host.returncode == 143
    assert [(mark.kind, mark.phase) for mark in order.fired()] == [("spin", "shutdown")]
    assert "all workers are killed" in log_of(stellatune).read_text()
    stellatune.expect_nothing_left()


def test_a_log_that_takes_nothing_holds_up_nothing(stellatune: Stellatune) -> None:
    pipe = stellatune.place / "pipe"
    os.mkfifo(pipe)
    with serving(stellatune, "--log-file", pipe):
        assert asked(stellatune, "status")["log"] == {
            "file": str(pipe),
            "level": "info",
            "lines": 0,
            "dropped": 0,
            "problem": "",
        }
