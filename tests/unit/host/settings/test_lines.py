"""Lines: where a value begins, whatever looks like one elsewhere."""

from __future__ import annotations

from host.settings import lines_of

TEXT = """# limits = 1
[pipeline]
block_frames = 256  # mine

text = '''
[limits]
read_ms = 9
'''
list = [
  [1],
  # read_ms = 8
  2,
]
"a.b".c = {d = 1, "e.f" = {}}
[limits]
read_ms = 7
[[rows]]
x = 1
[[rows]]
x = 2
[plugins."x.y".gain]
gain_db = -3"""


def test_every_value_has_the_line_it_begins_on() -> None:
    assert lines_of(TEXT) == {
        ("pipeline",): 2,
        ("pipeline", "block_frames"): 3,
        ("pipeline", "text"): 5,
        ("pipeline", "list"): 9,
        ("pipeline", "a.b"): 14,
        ("pipeline", "a.b", "c"): 14,
        ("pipeline", "a.b", "c", "d"): 14,
        ("pipeline", "a.b", "c", "e.f"): 14,
        ("limits",): 15,
        ("limits", "read_ms"): 16,
        ("rows",): 17,
        ("rows", "x"): 18,
        ("plugins", "x.y", "gain"): 21,
        ("plugins", "x.y", "gain", "gain_db"): 22,
    }


def test_other_ends_of_lines() -> None:
    assert lines_of("[a]\r\nb = 1\r\n")[("a", "b")] == 2
    assert lines_of('a = "\u2028"\nb = 1\n')[("b",)] == 2
    assert lines_of("") == {}
