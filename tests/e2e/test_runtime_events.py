"""A plugin that listens and asks, in a host that plays: what it heard and got is seen by who listens to events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.audio import noise, write_wav
from tests.e2e.conftest import Started, Stellatune, wait_until_it_plays
from tests.e2e.test_control import END_S, ask, asked, wait_for_line
from tests.support.c_plugins import build_plugin
from tests.support.patient import DEEP, DEEP_DEVICE

STATUS = {"control": "player", "command": "status"}
STOP = {"control": "player", "command": "stop"}
SUBSCRIBE = {"control": "subscribe", "topics": ["player.*"]}
QUEUE = {"control": "queue", "command": "list"}
LIBRARY = {"control": "library", "command": "search"}
RATE_HZ = 44_100
#: Tracks of a second each: more than any machine needs to do what is looked at here.
TRACKS = 180
FRAME_BYTES = 8
UNSUPPORTED = 2
FLOOD = 20_000


@dataclass
class Listening:
    """A host that plays short tracks through the listener, and a command that shows its events."""

    host: Started
    shown: Started
    gate: Path

    def open(self) -> None:
        """From now on the listener asks."""
        self.gate.touch()

    def facts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        assert self.shown.stdout is not None
        for line in self.shown.stdout:
            fact = json.loads(line)
            yield fact["event"], fact["data"]

    def emitted(self, count: int) -> list[Any]:
        """What the listener emits next."""
        found = []
        for name, data in self.facts():
            if name == "plugin.emitted":
                found.append(data["value"])
                if len(found) == count:
                    return found
        raise AssertionError(f"the host ended before; there were {found}")


@contextmanager
def listening(
    stellatune: Stellatune, config: dict[str, Any], rights: tuple[str, ...] | None = None
) -> Iterator[Listening]:
    """The listener waits until it is told to begin; whoever wants to see what it does is there before."""
    plugins = stellatune.place / "plugins"
    plugins.mkdir()
    build_plugin("capture", plugins, DEEP_DEVICE)
    folder = build_plugin("listener", plugins).folder
    if rights is not None:
        lines = (folder / "plugin.toml").read_text().splitlines(keepends=True)
        mended = [f"rights = {json.dumps(rights)}\n" if line.startswith("rights") else line for line in lines]
        (folder / "plugin.toml").write_text("".join(mended))
    tune = write_wav(stellatune.place / "tune.wav", noise(RATE_HZ), RATE_HZ)
    gate = stellatune.place / "gate"
    effect = f"fx=listener:{json.dumps({**config, 'gate': str(gate)})}"
    chain = ("--dsp", effect, "--output", f"capture:{stellatune.place / 'heard'}")
    stellatune.sizes = DEEP
    with stellatune.start("play", *[tune] * TRACKS, *chain, STELLATUNE_PLUGIN_PATH=str(plugins)) as host:
        wait_until_it_plays(host)
        with stellatune.start("events", "--filter", "plugin.*") as shown:
            wait_for_line(shown, "listening")
            yield Listening(host, shown, gate)
            if host.poll() is None:
                ask(stellatune, "quit")
            shown.communicate(timeout=END_S)
        _, err = host.communicate(timeout=END_S)
    assert host.returncode == 0, err
    heard_bytes = (stellatune.place / "heard.f32").stat().st_size
    assert heard_bytes < TRACKS * RATE_HZ * FRAME_BYTES, "it ended because it was stopped"
    stellatune.expect_nothing_left()


def test_a_plugin_hears_what_plays_and_stops_it(stellatune: Stellatune) -> None:
    # What it emits and what it asks go up apart, and what it emitted last may be overtaken by the end it asked for.
    on = {"on": '"type":"player.track_ended"', "times": 2}
    config = {"ask": [SUBSCRIBE, STATUS, QUEUE], **on, "then": [STOP]}
    heard: list[dict[str, Any]] = []
    told: list[tuple[str, dict[str, Any]]] = []
    with listening(stellatune, config) as made:
        made.open()
        for name, data in made.facts():  # it ends because the listener has asked for it
            told.append((name, data))
            if name == "plugin.emitted" and "heard" in data["value"]:
                heard.append(data["value"]["heard"])
        made.host.wait(END_S)
    results = {event["request"]: event for event in heard if event["type"] == "control.result"}
    assert results[1]["result"]["topics"][0] == "player.playback_ended"
    assert results[2]["result"]["playing"] is True
    assert results[2]["result"]["track"]["label"].endswith("tune.wav")
    assert (results[3]["ok"], results[3]["error"]["code"]) == (False, "unavailable")
    assert {"player.tick", "player.track_ended"} <= {event["type"] for event in heard}
    ticks = [event for event in heard if event["type"] == "player.tick" and event["playing"]]
    assert [tick["position"] for tick in ticks] == sorted(tick["position"] for tick in ticks)
    ended = next(event for event in heard if event["type"] == "player.track_ended")
    assert (ended["frames"], ended["error"]) == (RATE_HZ, "")
    asked_for = [data["number"] for name, data in told if name == "plugin.asked"]
    answered = {data["number"]: data["error"] for name, data in told if name == "plugin.answered"}
    assert asked_for == [1, 2, 3, 4]
    assert answered == {1: "", 2: "", 3: "unavailable", 4: ""}


def test_without_the_right_it_is_refused_in_the_worker(stellatune: Stellatune) -> None:
    requests = [STOP, SUBSCRIBE, LIBRARY, QUEUE]
    with listening(stellatune, {"ask": requests}, rights=("control:queue",)) as made:
        made.open()
        seen: list[tuple[str, int | None]] = []
        for name, data in made.facts():  # what it emits and what it asks go up apart: either may come first
            seen.append((name, data.get("value", {}).get("refused")))
            if name == "plugin.answered":
                assert data["error"] == "unavailable"
            names = [each for each, _ in seen]
            if "plugin.answered" in names and names.count("plugin.emitted") >= len(requests):
                break
        assert made.host.poll() is None
        assert asked(stellatune, "status")["playback"] is not None
    assert [code for name, code in seen if name == "plugin.emitted"][:3] == [UNSUPPORTED] * 3
    assert [name for name, _ in seen].count("plugin.asked") == 1


def test_a_flood_of_requests_holds_up_nobody(stellatune: Stellatune) -> None:
    with listening(stellatune, {"ask": [STATUS], "flood": FLOOD}) as made:
        made.open()
        for _ in range(3):
            assert asked(stellatune, "plugins", "restart", "gain")["new_pid"]
        flooded = next(
            data["value"] for name, data in made.facts() if name == "plugin.emitted" and "flooded" in data["value"]
        )
        assert flooded["flooded"] + flooded["refused"] == FLOOD
        assert made.host.poll() is None
        workers = asked(stellatune, "status")["workers"]
        assert "test.listener" in {each["plugin"] for each in workers}
