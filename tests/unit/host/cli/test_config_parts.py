"""Keys as people write them, values as people write them, and where what is in force comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.cli.config_edit import value_from
from host.cli.config_parts import Configuration, read_configuration
from host.cli.console import Console
from host.errors import ConfigRejected, NotFound
from host.jsontext import Json

TEXT = """[limits]
read_ms = 500
load_ms = -1

[plugins."stellatune.dsp.gain".gain]
gain_db = -3
[plugins."stellatune.sink.file".file]
format = "s17"
"""


@pytest.fixture
def found(tmp_path: Path) -> Configuration:
    path = tmp_path / "config.toml"
    path.write_text(TEXT)
    return read_configuration(Console(config_file=path))


@pytest.mark.parametrize(
    ("text", "key", "value", "line"),
    [
        ("pipeline.block_frames", "pipeline.block_frames", 512, None),
        ("limits.read_ms", "limits.read_ms", 500, 2),
        ("limits.load_ms", "limits.load_ms", 5000, None),
        ("gain.gain_db", "dsp.gain.gain_db", -3, 6),
        ("dsp.gain.gain_db", "dsp.gain.gain_db", -3, 6),
        ("stellatune.dsp.gain:gain.gain_db", "dsp.gain.gain_db", -3, 6),
        ("sink.file.format", "sink.file.format", "f32", None),
        ("decoder.flac.verify_md5", "decoder.flac.verify_md5", False, None),
    ],
)
def test_a_member_by_any_clear_name(found: Configuration, text: str, key: str, value: Json, line: int | None) -> None:
    got = found.key(text)
    assert got.member is not None
    assert (str(got), found.value(got), found.line(got.part, got.member)) == (key, value, line)


@pytest.mark.parametrize("text", ["gain", "dsp.gain", "stellatune.dsp.gain", "stellatune.dsp.gain:gain"])
def test_a_type_as_a_whole(found: Configuration, text: str) -> None:
    assert found.value(found.key(text)) == {"gain_db": -3}
    assert found.key(text).path == ("plugins", "stellatune.dsp.gain", "gain")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gian", "did you mean stellatune.dsp.gain"),
        ("gian.gain_db", "did you mean stellatune.dsp.gain"),
        ("gain.gain_bd", "dsp.gain has no member 'gain_bd'"),
        ("limits.reed_ms", "did you mean read_ms"),
        ("pipeline.", "has no member ''"),
        ("", "no type ''"),
        (".", "no key '.'"),
    ],
)
def test_what_is_not_there(found: Configuration, text: str, words: str) -> None:
    with pytest.raises(NotFound) as missing:
        found.value(found.key(text))
    assert words in str(missing.value)


def test_each_problem_stands_alone(found: Configuration) -> None:
    assert [problem.split(": ", 1)[1] for problem in found.problems] == [
        "[limits] load_ms = -1: it must be a whole number from 100 to 600000; it is ignored",
        '[plugins."stellatune.sink.file".file] is ignored: config of stellatune.sink.file (file): '
        'format must be one of "s16", "s24", "f32", not "s17"',
    ]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("gain.gain_db", "-3", -3),
        ("gain.gain_db", "-3.5e0", -3.5),
        ("sink.file.format", "s16", "s16"),
        ("sink.file.format", '"s16"', "s16"),
        ("sink.file.format", "16", "16"),
        ("decoder.flac.verify_md5", "true", True),
        ("dsp.gain", '{"gain_db": 1}', {"gain_db": 1}),
        ("equalizer.bands", "[]", []),
    ],
)
def test_values_are_json_or_a_bare_word(found: Configuration, key: str, text: str, value: Json) -> None:
    assert value_from(found.key(key), text) == value


@pytest.mark.parametrize(("key", "text"), [("gain.gain_db", "loud"), ("dsp.gain", "{"), ("gain.gain_db", "NaN")])
def test_a_bare_word_elsewhere(found: Configuration, key: str, text: str) -> None:
    with pytest.raises(ConfigRejected):
        value_from(found.key(key), text)
