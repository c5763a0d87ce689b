"""One line for an effect, one for a change."""

from __future__ import annotations

import pytest

from host.cli.dsp import change_line, effect_line
from host.jsontext import JsonObject

EFFECT: JsonObject = {
    "place": 2,
    "name": "warm",
    "plugin": "stellatune.dsp.equalizer",
    "type": "equalizer",
    "generation": 3,
    "pid": 4112,
    "latency_frames": 0,
    "heard": "yes",
    "config": {"bands": []},
}
DONE: JsonObject = {
    "action": "remove",
    "name": "warm",
    "position": 882000,
    "frames_lost": 0,
    "frames_repeated": 0,
    "frames_skipped": 64,
}


@pytest.mark.parametrize(("heard", "word"), [("yes", ""), ("left_out", "  bypassed"), ("missing", "  missing")])
def test_an_effect_says_whether_it_is_heard(heard: str, word: str) -> None:
    line = effect_line({**EFFECT, "heard": heard})
    assert line == f'2 warm  equalizer (dsp.equalizer)  gen 3  pid 4112  latency 0{word}  {{"bands":[]}}'


def test_a_change_says_what_it_cost() -> None:
    assert change_line(DONE) == "remove warm  at frame 882000  0 frames lost, 64 skipped"
    assert change_line({**DONE, "frames_skipped": 0}) == "remove warm  at frame 882000  0 frames lost"
    more = change_line({**DONE, "frames_skipped": 0, "frames_repeated": 64})
    assert more == "remove warm  at frame 882000  0 frames lost, 64 heard again"
