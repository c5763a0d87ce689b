"""What the full screen writes: widths kept, time by the clock, and hostile text as text."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from host.jsontext import Json, JsonObject
from host.tui.happenings import event_line, fault_text
from host.tui.playing import Heard, bar, headline, modes_line, title_of
from host.tui.queue_view import entry_line
from host.tui.stages import stage_lines, stages_of

HOSTILE = "[bold red]x\x1b[2J\n\u202egnp"
SHOWN = "[bold red]x\ufffd[2J\ufffd\ufffdgnp"
WIDTHS = (0, 1, 7, 38, 200)


def playback(state: str = "playing", **more: Json) -> JsonObject:
    track: JsonObject = {
        "label": "/music/song.flac", "done_s": 30.0, "total_s": 120.0, "sample_rate_hz": 44_100, "channels": 2,
        "bits_per_sample": 16, **more,
    }  # fmt: skip
    queue: JsonObject = {"length": 3, "current": 2, "repeat": "all", "shuffle": True, "consume": False}
    return {"state": state, "volume_db": -6.0, "track": track, "xruns": 1, "clipped_samples": 2, "queue": queue}


def test_the_place_moves_by_the_clock_while_it_plays_and_not_beyond_the_end() -> None:
    moving, still = Heard(playback(), 100.0), Heard(playback("paused"), 100.0)
    assert [moving.done_s(now_s) for now_s in (99.0, 100.0, 130.5, 500.0)] == [30.0, 30.0, 60.5, 120.0]
    assert [still.done_s(now_s) for now_s in (100.0, 500.0)] == [30.0, 30.0]
    assert bar(moving, 130.0, 40).plain == "01:00.0 ━━━━━━━━━━━━──────────── 02:00.0"
    assert bar(Heard(playback(total_s=None), 0), 0.5, 40).plain == "00:30.5 ──────────────────────── --:--.-"
    assert bar(Heard({"state": "stopped", "track": None}, 0), 1, 20).plain.startswith("--:--.- ")


def test_an_output_that_is_lost_stands_still_and_says_why() -> None:
    away = Heard({**playback(), "output": {"state": "lost", "since_s": 3.0, "reason": HOSTILE}}, 100.0)
    assert away.done_s(105.0) == 30.0
    assert f"output lost: {SHOWN}" in modes_line(away, 100).plain
    back: JsonObject = {"plugin_id": "stellatune.sink.system", "away_s": 2.26, "frames_lost": 99}
    line = event_line({"event": "output.back", "time": 1.0, "data": back})
    assert line is not None and line.plain.endswith("sink.system: the output is back after 2.3 s, 99 frames lost")


def test_what_is_heard_is_named_by_its_tags_or_its_file() -> None:
    assert headline(Heard(playback(), 0), 40).plain == "▶ song.flac                      -6.0 dB"
    tagged = playback(title="Title", artist="Artist", album="Album")
    assert headline(Heard(tagged, 0), 40).plain == "▶ Artist - Title  Album          -6.0 dB"
    assert title_of({"title": "Title", "label": "/x"}) == "Title"
    failed: JsonObject = {"state": "stopped", "track": None, "failure": "no device"}
    assert headline(Heard(failed, 0), 40).plain.startswith("■ stopped  no device")


def test_modes_and_whether_the_samples_are_untouched() -> None:
    words = "44.1 kHz 2 ch 16 bit  repeat all  shuffle"
    assert modes_line(Heard(playback(), 0), 80).plain.split("   ")[0] == words
    pure: JsonObject = {"bit_perfect": True}
    touched: JsonObject = {"bit_perfect": False, "why_not": f"volume, {HOSTILE}"}
    for told, shown in ((pure, "  bit-perfect"), (touched, f"  touched: volume, {SHOWN}")):
        heard = Heard({**playback(), **told}, 0)
        line = modes_line(heard, 100).plain
        assert line.startswith(words + shown) and line.endswith("xr 1  clip 2")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("word", [HOSTILE, "日本語の曲名がここに", ""])
def test_no_line_is_wider_than_its_place_nor_more_than_one(width: int, word: str) -> None:
    heard = Heard(playback(title=word, artist=word, album=word, label=word), 0)
    entry: JsonObject = {"id": 1, "label": word, "trouble": word, "length_s": 3.0}
    use: JsonObject = {"name": word, "plugin": word, "type": word, "generation": 123_456, "pid": 4_000_000}
    (stage,) = stages_of({"chain": [use]}, [], {}, {})
    lines = [
        headline(heard, width), bar(heard, 1, max(width, 20)), modes_line(heard, width),
        entry_line(entry, 50_000, width, current=True), *stage_lines(stage, width, fresh=True),
    ]  # fmt: skip
    for line in lines:
        assert "\n" not in line.plain and "\x1b" not in line.plain
    assert [cell_len(line.plain) for line in lines if cell_len(line.plain) > max(width, 20)] == []


def test_entries_say_what_they_are() -> None:
    entry: JsonObject = {"id": 7, "label": f"/x/{HOSTILE}", "title": None, "length_s": 62.0}
    assert entry_line(entry, 12, 50, current=True).plain == f">   12  {SHOWN}".ljust(43) + "01:02.0"
    troubled: JsonObject = {"id": 7, "label": "/x/a.wav", "trouble": "no such file"}
    assert entry_line(troubled, 1, 40, current=True).plain.rstrip() == "!    1  a.wav  no such file"


def lane(instance: int, blocks: int, busy_ns: int, type_id: str = "gain") -> JsonObject:
    return {
        "instance": instance, "kind": "dsp", "type": type_id, "sample_rate_hz": 44_100, "blocks": blocks,
        "timed_calls": blocks, "timed_ns": busy_ns, "xruns": 0, "clipped_samples": instance,
    }  # fmt: skip


def look(at_s: float, *lanes: JsonObject) -> JsonObject:
    workers: list[Json] = [{"plugin": "stellatune.dsp.gain", "generation": 3, "pid": 41, "lanes": [*lanes]}]
    return {"monotonic_s": at_s, "host": {"pid": 1}, "workers": workers}


def test_stages_have_their_own_lanes_and_what_belongs_in_their_place() -> None:
    uses: list[Json] = [
        {"name": name, "plugin": "stellatune.dsp.x", "type": "x", "generation": 3, "pid": pid, "instance": instance}
        for name, pid, instance in (("one", 41, 8), ("two", 41, 7), ("off", 50, 9))
    ]
    effects: list[JsonObject] = [
        {"name": name, "plugin": plugin, "type": "gain", "heard": heard}
        for name, plugin, heard in (("two", "stellatune.dsp.gain", "yes"), ("off", "stellatune.dsp.gain", "left_out"))
    ]
    before = look(1.0, lane(8, 0, 0), lane(7, 0, 0))
    now = look(2.0, lane(7, 100, 50 * 10_000_000), lane(8, 100, 100 * 10_000_000))
    one, two, off = stages_of({"chain": uses}, effects, before, now)
    assert (one.clipped, two.clipped, off.load) == (8, 7, None)
    assert not one.is_effect and two.is_effect
    assert (off.plugin, off.pid) == ("stellatune.dsp.gain", "50")
    assert [line.plain for line in stage_lines(two, 38, fresh=False)] == [
        "two  dsp.gain                gen 3  41",
        "  ▮▮▮▮▯▯▯▯ 50.0%  44.1k   xr 0  clip 7",
    ]
    assert "bypassed" in stage_lines(off, 38, fresh=False)[1].plain
    waiting = stages_of({"chain": []}, effects, {}, now)
    assert [(stage.name, stage.generation, stage.load) for stage in waiting] == [("two", "-", None), ("off", "-", None)]


def test_events_say_who_what_and_what_was_done() -> None:
    fault: JsonObject = {
        "plugin_id": "stellatune.dsp.gain", "generation": 3, "cause": "crash", "call": "process",
        "how": f"SIGSEGV{HOSTILE}", "action": "restart",
    }  # fmt: skip
    words = f"dsp.gain gen 3: crash in process: SIGSEGV{SHOWN} -> restart"
    line = event_line({"event": "plugin.fault", "time": 1_700_000_000.25, "data": fault})
    assert line is not None and line.plain[8:] == f"  {words}" and line.plain[2] == line.plain[5] == ":"
    assert fault_text({**fault, "plugin": fault.pop("plugin_id")}) == words
    mended: JsonObject = {
        "name": "gain", "plugin_id": "x", "old_generation": 1, "generation": 2, "grade": "C", "cause": "hang",
        "first": 5, "gap_frames": 64,
    }  # fmt: skip
    line = event_line({"event": "stage.mended", "time": 1.0, "data": mended})
    assert line is not None and line.plain.endswith("gain (x): gen 1 -> 2: hang; heard, grade C, 64 frames lost")
    silent: dict[str, Json] = {
        "queue.changed": {}, "generation.changed": {"state": "draining"}, "track.ended": {"error": ""},
        "never.heard.of": {}, "plugin.fault": None,
    }  # fmt: skip
    for event, data in silent.items():
        assert event_line({"event": event, "data": data, "time": 1.0}) is None
