"""Parsing of --dsp, --output, times and volumes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from host.cli.chain_options import (
    DspOption,
    FormatOption,
    OutputOption,
    parse_channels,
    parse_crossfade,
    parse_dsp,
    parse_output,
    parse_rate,
    parse_time,
    parse_volume,
)
from host.errors import ConfigRejected
from host.settings import OutputSettings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gain", DspOption("gain", "gain", None)),
        ("dsp.gain", DspOption("gain", "dsp.gain", None)),
        ("fx.two:echo", DspOption("echo", "fx.two:echo", None)),
        ('a=fx.two:echo:{"x": 1}', DspOption("a", "fx.two:echo", {"x": 1}, named=True)),
        ('gain:{"gain_db": -3}', DspOption("gain", "gain", {"gain_db": -3})),
        ('loud=gain:{"gain_db": 1.5}', DspOption("loud", "gain", {"gain_db": 1.5}, named=True)),
        ('eq=equalizer:{"bands": [{"type": "peaking", "q": 1}]}', None),
        ('gain:{"a": "x=y:z"}', DspOption("gain", "gain", {"a": "x=y:z"})),
    ],
)
def test_effects_that_can_be_read(text: str, expected: DspOption | None) -> None:
    option = parse_dsp(text)
    if expected is None:
        assert option == DspOption("eq", "equalizer", {"bands": [{"type": "peaking", "q": 1}]}, named=True)
    else:
        assert option == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no name of an effect"),
        ("Gain!", "no name of an effect"),
        ("1x=gain", "the name"),
    ],
)
def test_effects_that_are_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_dsp(text)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[1]", "must be a JSON object"),
        ("3", "must be a JSON object"),
        ("null", "must be a JSON object"),
        ("true", "must be a JSON object"),
        ('{"gain_db": NaN}', "NaN"),
        ('{"gain_db": ' + "9" * 5000 + "}", "too many digits"),
        ("[" * 100_000, "too deeply"),
    ],
)
def test_configurations_that_are_refused(config: str, words: str) -> None:
    with pytest.raises(ConfigRejected, match=words) as caught:
        parse_dsp(f"gain:{config}")
    assert "gain" in caught.value.message
    assert caught.value.remedy
    assert len(caught.value.message) < 200


def test_outputs() -> None:
    assert parse_output("null") == OutputOption("null", None)
    assert parse_output("file:/tmp/a:b.wav") == OutputOption("file", "/tmp/a:b.wav")
    assert parse_output("system:hw:0,1") == OutputOption("system", "hw:0,1")
    with pytest.raises(ValueError, match="nothing after"):
        parse_output("file:")
    with pytest.raises(ValueError, match="no name of an output"):
        parse_output(":x")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("12.5", Fraction(25, 2)),
        ("1:02.5", Fraction(125, 2)),
        ("1:02:03", 3723),
        ("90", 90),
        ("0.1", Fraction(1, 10)),
        ("1000000000", 10**9),
    ],
)
def test_times(text: str, seconds: Fraction) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "-1", "1:60", "1:60:00", "x", "1e3", "nan", "1:2:3:4", ".", "1000000001", "9" * 5000, "300000:00:00"]
)
def test_times_that_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no time"):
        parse_time(text)


def test_rates() -> None:
    assert parse_rate("48000") == 48000
    assert [parse_rate(word) for word in ("track", "best")] == ["track", "best"]
    for text in ("", "nan", "-1", "0", "999", "768001", "44.1", "9" * 5000, "\u0661\u0662\u0663\u0664"):
        with pytest.raises(ValueError, match="from 1000 to 768000"):
            parse_rate(text)


def test_channels() -> None:
    assert [parse_channels(text) for text in ("1", "8", "stereo", "track")] == [1, 8, "stereo", "track"]
    for text in ("", "0", "9", "10", "mono", "-1", "2.0", "\u0662"):
        with pytest.raises(ValueError, match="from 1 to 8, track or stereo"):
            parse_channels(text)


def test_what_is_said_of_a_format_goes_over_what_is_set() -> None:
    kept = OutputSettings(rate="fixed", rate_hz=96_000, resampler="low", channels=6, lfe="mix")
    assert FormatOption().over(kept) == kept
    assert FormatOption(rate=48_000).over(OutputSettings()) == OutputSettings(rate="fixed", rate_hz=48_000)
    assert FormatOption(rate="best").over(kept) == replace(kept, rate="best")
    said = FormatOption(rate="track", resampler="high", channels="track", lfe="mute").over(kept)
    assert said == OutputSettings(rate="track", rate_hz=96_000, resampler="high", channels="track", lfe="mute")


def test_volumes() -> None:
    assert parse_volume("100") == 1.0
    assert parse_volume("50%") == 0.5
    for text in ("-1", "101", "x", "nan", "inf"):
        with pytest.raises(ValueError, match="no volume"):
            parse_volume(text)


def test_a_crossfade_lasts_a_minute_at_most() -> None:
    assert (parse_crossfade("0"), parse_crossfade("2.5"), parse_crossfade("1:00")) == (0.0, 2.5, 60.0)
    for text in ("61", "-1", "long"):
        with pytest.raises(ValueError, match=r"too long|no time"):
            parse_crossfade(text)
