"""The line of the words that is shown."""

from __future__ import annotations

from host.jsontext import JsonObject
from host.tui.playing import sung_line


def test_the_line_that_is_sung() -> None:
    data: JsonObject = {"text": "one two\x1b", "sung": 3}
    line = sung_line({"event": "lyrics.cursor", "data": data})
    assert line.plain == "♪ one two\ufffd"
    assert [(span.start, span.end, str(span.style)) for span in line.spans] == [
        (2, 5, "bold magenta"),
        (5, 10, "magenta"),
    ]
    whole = sung_line({"event": "lyrics.cursor", "data": data | {"sung": None}})
    assert [(span.start, span.end) for span in whole.spans] == [(2, 10)]
    nothings: list[JsonObject] = [
        {"event": "lyrics.changed", "data": data},
        {"event": "lyrics.cursor", "data": {"text": ""}},
        {"event": "lyrics.cursor", "data": None},
        {},
    ]
    assert [sung_line(each).plain for each in nothings] == [""] * 4
