"""One host, asked from other processes: by commands and by whoever speaks JSON lines to its socket."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.audio import noise, read_wav, write_endless_wav, write_wav
from tests.e2e.conftest import Outcome, Started, Stellatune, wait_until_it_plays
from tests.e2e.devices import needs_portaudio, paced_device
from tests.e2e.test_processes import children
from tests.support.patient import DEEP

pytestmark = pytest.mark.paced

END_S = 60
RATE_HZ = 44_100
#: Longer than ten commands one after the other take.
#: Longer than ten commands take on the slowest machine; who has heard enough asks it to stop.
TUNE_S = 180
#: Who is asked to stop fades out, and a device may play a little silence after it.
LAST_WORDS_FRAMES = 44_100
#: So much is played at least, all restarts among it.
HEARD_FRAMES = 5 * 44_100
RENEWED = re.compile(r"dsp\.gain  gen (\d+|-) -> (\d+)  pid (\d+|-) -> (\d+)  \d+ ms  (\d+) frames lost\n")


def ask(stellatune: Stellatune, *arguments: str | Path, **environment: str) -> Outcome:
    """A command beside a host that goes on."""
    with stellatune.start(*arguments, **environment) as process:
        out, err = process.communicate(timeout=END_S)
    return Outcome(process.returncode, out, err)


def asked(stellatune: Stellatune, *arguments: str | Path) -> dict[str, Any]:
    """The document of a command that must succeed."""
    outcome = ask(stellatune, "--json", *arguments)
    assert outcome.code == 0, outcome.err
    return outcome.document


def error_of(outcome: Outcome) -> dict[str, Any]:
    """The error object of a command."""
    found: dict[str, Any] = json.loads(outcome.err)["error"]
    return found


def socket_of(stellatune: Stellatune) -> Path:
    return stellatune.place / "home" / "run" / "stellatune" / "control.sock"


def wait_for_line(process: Started, start: str) -> str:
    """Reads stderr up to a line that begins so."""
    assert process.stderr is not None
    return next(line for line in process.stderr if line.startswith(start))


@contextmanager
def serving(stellatune: Stellatune, *arguments: str | Path) -> Iterator[Started]:
    """A host without a player; it must end in order when the block does, if it has not before."""
    with stellatune.start(*arguments, "serve") as process:
        wait_for_line(process, "serving on")
        yield process
        if process.poll() is None:
            assert ask(stellatune, *arguments, "quit").code == 0
        process.communicate(timeout=END_S)
    assert process.returncode in (0, 143, -signal.SIGKILL)
    stellatune.expect_nothing_left()


@contextmanager
def playing(stellatune: Stellatune, *arguments: str | Path) -> Iterator[Started]:
    """A host that plays silence without end into nothing."""
    source = write_endless_wav(stellatune.place / "endless.wav")
    with stellatune.start("play", source, "--output", "null", *arguments) as process:
        wait_until_it_plays(process)
        yield process
        if process.poll() is None:
            assert ask(stellatune, "quit").code == 0
        process.communicate(timeout=END_S)
    stellatune.expect_nothing_left()


def test_nothing_runs(stellatune: Stellatune) -> None:
    for asking in ("status", "events", "quit", "plugins restart gain", "plugins logs gain"):
        outcome = stellatune("--json", *asking.split())
        assert (outcome.code, outcome.out) == (3, "")
        assert error_of(outcome)["code"] == "not_running"
    for looking in ("plugins crashes", "plugins list", "plugins reset gain"):
        assert stellatune.ok("--json", *looking.split()).document["live"] is False


def test_a_host_without_a_player_answers_until_it_is_stopped(stellatune: Stellatune) -> None:
    with serving(stellatune) as host:
        found = asked(stellatune, "status")
        assert (found["schema"], found["live"]) == ("stellatune.status/1", True)
        assert (found["playback"]["state"], found["playback"]["track"]) == ("stopped", None)
        assert found["host"]["pid"] == host.pid
        assert "music     stopped" in ask(stellatune, "status").out
        document = asked(stellatune, "plugins", "list")
        assert document["live"] is True
        assert {"stellatune.dsp.gain", "stellatune.sink.null"} <= {each["id"] for each in document["plugins"]}
        stopped = asked(stellatune, "quit")
        assert stopped == {"schema": "stellatune.quit/1", "pid": host.pid}
        host.communicate(timeout=END_S)
        assert host.returncode == 0
        assert not socket_of(stellatune).exists()
        assert ask(stellatune, "status").code == 3


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_serve_ends_by_a_signal(stellatune: Stellatune, number: signal.Signals, code: int) -> None:
    with stellatune.start("serve", "--foreground") as host:
        wait_for_line(host, "serving on")
        host.send_signal(number)
        host.communicate(timeout=END_S)
    assert host.returncode == code
    assert not socket_of(stellatune).exists()
    stellatune.expect_nothing_left()


def test_a_plugin_is_restarted_reloaded_and_unloaded_from_outside(stellatune: Stellatune) -> None:
    with serving(stellatune):
        first = RENEWED.fullmatch(ask(stellatune, "plugins", "restart", "dsp.gain").out)
        assert first is not None and (first[1], first[3]) == ("-", "-")
        second = RENEWED.fullmatch(ask(stellatune, "plugins", "restart", "gain").out)
        assert second is not None
        assert (second[1], second[3], second[5]) == (first[2], first[4], "0")
        assert int(second[2]) > int(first[2]) and second[4] != first[4]
        third = asked(stellatune, "plugins", "reload", "stellatune.dsp.gain")
        assert (third["old_generation"], third["old_pid"]) == (int(second[2]), int(second[4]))
        (row,) = [each for each in asked(stellatune, "plugins", "list")["plugins"] if each["id"].endswith("dsp.gain")]
        assert third["new_generation"] in [each["generation"] for each in row["generations"]]
        assert f"pid {third['new_pid']}" in ask(stellatune, "plugins", "list").out
        info = asked(stellatune, "plugins", "info", "dsp.gain")
        assert info["live"] is True
        assert info["generations"][-1]["pid"] == third["new_pid"]
        assert f"pid {third['new_pid']}" in ask(stellatune, "plugins", "info", "dsp.gain").out
        unloaded = asked(stellatune, "plugins", "unload", "gain")
        assert [each["pid"] for each in unloaded["ended"]] == [third["new_pid"]]
        assert unloaded["draining"] == []
        outcome = ask(stellatune, "--json", "plugins", "logs", "gain")
        assert (outcome.code, error_of(outcome)["code"]) == (3, "not_running")
        outcome = ask(stellatune, "--json", "plugins", "restart", "gaim")
        assert (outcome.code, error_of(outcome)["code"]) == (4, "not_found")
        assert "stellatune.dsp.gain" in error_of(outcome)["hint"]


def test_a_plugin_that_cannot_be_loaded_leaves_the_old_one(stellatune: Stellatune, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    capability = 'kind = "dsp"\ntype_id = "broken"\nname = "x"\nconfig_schema = "{}"\ndefault_config = "{}"\n'
    head = 'id = "test.broken"\nname = "x"\nversion = "1.0.0"\napi_version = 6\nlibrary = "b.so"\n'
    (folder / "plugin.toml").write_text(f"{head}[[capabilities]]\n{capability}")
    (folder / "b.so").write_text("no library")
    with stellatune.start("serve", STELLATUNE_PLUGIN_PATH=str(folder)) as host:
        wait_for_line(host, "serving on")
        outcome = ask(stellatune, "--json", "plugins", "restart", "dsp.broken")
        assert outcome.code == 7, outcome.err
        assert "b.so" in error_of(outcome)["message"]
        assert asked(stellatune, "status")["workers"] == []
        assert ask(stellatune, "quit").code == 0
        host.communicate(timeout=END_S)
    stellatune.expect_nothing_left()


def test_a_second_host_is_refused_and_told_how_to_go_on(stellatune: Stellatune, tmp_path: Path) -> None:
    source = write_wav(tmp_path / "in.wav", noise(1_000))
    with serving(stellatune) as host:
        for command in (("serve",), ("play", source, "--output", "null")):
            outcome = ask(stellatune, *command)
            assert (outcome.code, outcome.out) == (2, "")
            assert f"pid {host.pid}" in outcome.err
            assert "--no-control" in outcome.err
        assert ask(stellatune, "play", source, "--output", "null", "--no-control").code == 0
        assert ask(stellatune, "render", source, "-o", tmp_path / "out.wav").code == 0
        assert asked(stellatune, "status")["host"]["pid"] == host.pid


def test_a_socket_elsewhere_is_another_door_to_one_host(stellatune: Stellatune, tmp_path: Path) -> None:
    elsewhere = tmp_path / "door" / "x.sock"
    with serving(stellatune, "--socket", elsewhere) as host:
        assert asked(stellatune, "--socket", elsewhere, "status")["host"]["pid"] == host.pid
        assert ask(stellatune, "status").code == 3
        assert ask(stellatune, "serve").code == 2


def test_what_a_killed_host_left_is_replaced(stellatune: Stellatune) -> None:
    with serving(stellatune) as host:
        host.kill()
        host.communicate(timeout=END_S)
    assert socket_of(stellatune).is_socket()
    assert ask(stellatune, "status").code == 3
    with serving(stellatune) as host:
        assert asked(stellatune, "status")["host"]["pid"] == host.pid


def test_without_a_place_for_the_socket_it_plays_all_the_same(stellatune: Stellatune, tmp_path: Path) -> None:
    source = write_wav(tmp_path / "in.wav", noise(1_000))
    blocked = tmp_path / "file"
    blocked.write_text("")
    outcome = stellatune.ok("--socket", blocked / "x.sock", "play", source, "--output", "null")
    assert "nobody can ask" in outcome.err
    assert stellatune("--socket", blocked / "x.sock", "serve").code == 1
    open_to_all = tmp_path / "open"
    open_to_all.mkdir(mode=0o755)
    outcome = stellatune("--json", "--socket", open_to_all / "x.sock", "serve")
    assert (outcome.code, error_of(outcome)["code"]) == (2, "not_private")


def lines_of(stellatune: Stellatune, *requests: object) -> list[dict[str, Any]]:
    """What a client without any of our code gets; it is done when its answers are there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(END_S)
        folder = os.open(socket_of(stellatune).parent, os.O_PATH)  # an address ends at 107 bytes, a path does not
        sock.connect(f"/proc/self/fd/{folder}/{socket_of(stellatune).name}")
        os.close(folder)
        sock.sendall("".join(json.dumps(request) + "\n" for request in requests).encode())
        sock.shutdown(socket.SHUT_WR)
        with sock.makefile("r", encoding="utf-8") as stream:
            return [json.loads(line) for line in stream]


def test_json_lines_by_a_raw_socket(stellatune: Stellatune) -> None:
    with serving(stellatune) as host:
        answers = lines_of(
            stellatune,
            {"id": 1, "verb": "status"},
            {"id": 2, "verb": "plugins.restart", "arguments": {"id": "gain"}},
            {"id": 3, "verb": "nonsense"},
            ["no", "request"],
        )
        by_id = {answer["id"]: answer for answer in answers}
        assert set(by_id) == {1, 2, 3, None}
        assert by_id[1]["result"]["host"]["pid"] == host.pid
        assert by_id[2]["result"]["plugin"] == "stellatune.dsp.gain"
        assert (by_id[3]["error"]["code"], by_id[3]["exit"]) == ("no_verb", 4)
        assert by_id[None]["error"]["code"] == "protocol"


def test_events_are_json_lines_that_end_with_the_host(stellatune: Stellatune) -> None:
    with serving(stellatune):
        with stellatune.start("events", "--filter", "generation.*") as listener:
            wait_for_line(listener, "listening")
            renewed = asked(stellatune, "plugins", "restart", "gain")
            assert asked(stellatune, "plugins", "unload", "gain")["ended"]
            assert ask(stellatune, "quit").code == 0
            out, _ = listener.communicate(timeout=END_S)
        assert listener.returncode == 0
    lines = [json.loads(line) for line in out.splitlines()]
    assert {(line["schema"], line["event"]) for line in lines} == {("stellatune.event/1", "generation.changed")}
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    states = [line["data"]["state"] for line in lines if line["data"]["generation"] == renewed["new_generation"]]
    assert states[:2] == ["starting", "active"]
    assert states[-1] == "retired"


def test_events_end_quietly_when_nobody_reads_them(stellatune: Stellatune) -> None:
    with serving(stellatune):
        listener = stellatune.start("events")
        with listener:
            wait_for_line(listener, "listening")
            listener.send_signal(signal.SIGINT)
            out, err = listener.communicate(timeout=END_S)
        assert (listener.returncode, out, err) == (130, "", "")
        assert ask(stellatune, "--json", "events", "--filter", "nosuch").code == 4


def test_what_plays_is_told_and_stopped_from_outside(stellatune: Stellatune) -> None:
    with playing(stellatune, "--dsp", "fx=gain") as host:
        found = asked(stellatune, "status")["playback"]
        assert found["track"]["label"].endswith("endless.wav")
        chain = {each["name"]: each for each in found["chain"]}
        assert chain["fx"]["pid"] in children(host.pid)
        assert [each["type"] for each in found["chain"]] == ["wav", "gain", "null"]
        assert (found["bit_perfect"], found["why_not"]) == (False, "the effect fx is heard")
        later = asked(stellatune, "status")["playback"]
        assert later["position"] > found["position"]
        assert "gain#" in ask(stellatune, "status").out
        assert ask(stellatune, "quit").code == 0
        host.communicate(timeout=END_S)
        assert host.returncode == 0


def test_what_plays_goes_over_to_the_new_generation(stellatune: Stellatune) -> None:
    with playing(stellatune, "--dsp", "fx=gain", "--dsp", 'equalizer:{"bands": []}') as host:
        before = {each["name"]: each for each in asked(stellatune, "status")["playback"]["chain"]}
        for name, place in (("dsp.gain", "fx"), ("dsp.equalizer", "equalizer"), ("decoder.wav", "decoder")):
            done = asked(stellatune, "plugins", "restart", name)
            assert (done["old_generation"], done["old_pid"]) == (before[place]["generation"], before[place]["pid"])
            assert ([each["name"] for each in done["moved"]], done["frames_lost"]) == ([place], 0)
            assert done["new_pid"] in children(host.pid)
            shown = {each["name"]: each["pid"] for each in asked(stellatune, "status")["playback"]["chain"]}
            assert place == "decoder" or shown[place] == done["new_pid"]
        assert host.poll() is None


@needs_portaudio
def test_restarts_are_not_heard(stellatune: Stellatune) -> None:
    tune = write_wav(stellatune.place / "tune.wav", noise(RATE_HZ * TUNE_S, seed=7), RATE_HZ)
    bands = [{"type": "low_shelf", "freq_hz": 200, "gain_db": -6, "q": 0.7}]
    chain = ("--dsp", f"equalizer:{json.dumps({'bands': bands})}")
    stellatune.ok("render", tune, "-o", "golden.wav", *chain)
    device = paced_device(stellatune.place, RATE_HZ, 2)
    renewed = []
    stellatune.sizes = DEEP
    with stellatune.start("play", tune, *chain, "--output", "system:paced", **device.environment) as host:
        wait_until_it_plays(host)
        for verb in ("restart", "reload") * 5:
            renewed.append(asked(stellatune, "plugins", verb, "dsp.equalizer"))
        while asked(stellatune, "status")["playback"]["position"] < HEARD_FRAMES:
            assert host.poll() is None
        assert ask(stellatune, "quit").code == 0
        _, err = host.communicate(timeout=END_S)
    stellatune.expect_nothing_left()
    assert host.returncode == 0, err
    assert [done["old_generation"] for done in renewed[1:]] == [done["new_generation"] for done in renewed[:-1]]
    assert [(len(done["moved"]), done["frames_lost"]) for done in renewed] == [(1, 0)] * 10
    golden, heard = read_wav(stellatune.place / "golden.wav").samples, device.heard(2)[:-LAST_WORDS_FRAMES]
    assert len(heard) > HEARD_FRAMES // 2
    assert np.array_equal(heard, golden[: len(heard)])


def test_play_that_is_stopped_gives_its_document(stellatune: Stellatune) -> None:
    source = write_endless_wav(stellatune.place / "endless.wav")
    with stellatune.start("--json", "play", source, "--output", "null") as host:
        while ask(stellatune, "--json", "status").code == 3:
            assert host.poll() is None
        assert ask(stellatune, "quit").code == 0
        out, err = host.communicate(timeout=END_S)
    assert (host.returncode, err) == (0, "")
    assert json.loads(out) == {
        "schema": "stellatune.play/1",
        "stopped": True,
        "inputs": [],
        "frames": None,
        "faults": [],
    }
    stellatune.expect_nothing_left()


def test_a_crash_is_in_the_history_also_when_nothing_runs(stellatune: Stellatune) -> None:
    with playing(stellatune, "--dsp", "gain") as host:
        (pid,) = [each["pid"] for each in asked(stellatune, "status")["workers"] if each["plugin"].endswith("dsp.gain")]
        with stellatune.start("events", "--filter", "plugin.fault") as listener:
            wait_for_line(listener, "listening")
            os.kill(pid, signal.SIGSEGV)
            assert listener.stdout is not None
            event = json.loads(listener.stdout.readline())
            listener.kill()
            listener.communicate(timeout=END_S)
        assert (event["event"], event["data"]["pid"]) == ("plugin.fault", pid)
        host.send_signal(signal.SIGTERM)
        host.communicate(timeout=END_S)
    document = stellatune.ok("--json", "plugins", "crashes", "gain").document
    assert (document["schema"], document["live"]) == ("stellatune.crashes/1", False)
    (row,) = document["rows"]
    assert (row["plugin"], row["pid"], row["signal"]) == ("stellatune.dsp.gain", pid, "SIGSEGV")
    told = stellatune.ok("plugins", "crashes").out
    assert "dsp.gain" in told and "SIGSEGV" in told and str(pid) in told
    assert stellatune.ok("--json", "plugins", "crashes", "equalizer").document["rows"] == []


def test_a_disabled_plugin_is_not_used_until_it_is_enabled(stellatune: Stellatune, tmp_path: Path) -> None:
    source = write_wav(tmp_path / "in.wav", noise(1_000))
    chain = ("play", source, "--output", "null", "--dsp", "gain")
    done = stellatune.ok("--json", "plugins", "disable", "gain").document
    assert (done["live"], done["plugin"], done["disabled"]) == (False, "stellatune.dsp.gain", True)
    assert "[disabled]" in stellatune.ok("plugins", "list").out
    outcome = stellatune("--json", *chain)
    assert (outcome.code, error_of(outcome)["code"]) == (7, "disabled")
    with serving(stellatune):
        outcome = ask(stellatune, "--json", "plugins", "restart", "gain")
        assert (outcome.code, error_of(outcome)["code"]) == (7, "disabled")
        assert asked(stellatune, "plugins", "enable", "gain")["live"] is True
        assert asked(stellatune, "plugins", "restart", "gain")["new_pid"]
        assert asked(stellatune, "plugins", "reset", "gain")["live"] is True
    stellatune.ok(*chain)


def test_logs_of_a_live_worker(stellatune: Stellatune) -> None:
    with serving(stellatune):
        pid = asked(stellatune, "plugins", "restart", "gain")["new_pid"]
        found = asked(stellatune, "plugins", "logs", "gain")
        assert (found["schema"], [each["pid"] for each in found["workers"]]) == ("stellatune.plugin-log/1", [pid])
        assert ask(stellatune, "plugins", "logs", "gain", "-n", "5").code == 0
