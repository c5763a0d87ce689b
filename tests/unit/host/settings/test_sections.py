"""Sections: the ranges and the schema say the same."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

import pytest

from host.errors import ConfigRejected
from host.jsontext import Json, JsonObject
from host.packages import check_config, check_schema
from host.settings import (
    Limits,
    LogSettings,
    OutputSettings,
    PipelineSizes,
    ReplayGain,
    Section,
    complaint_about,
    section_schema,
)

SECTIONS = [PipelineSizes(), Limits(), OutputSettings(), LogSettings()]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda each: type(each).__name__)
def test_the_schema_takes_what_the_ranges_take(section: Section) -> None:
    schema = check_schema(section_schema(section))
    properties = cast("dict[str, dict[str, Any]]", schema["properties"])
    assert {name: each["default"] for name, each in properties.items()} == asdict(type(section)())
    for name, each in properties.items():
        if "enum" in each:
            _expect_same_choices(section, schema, name, each["enum"])
            continue
        low, high = each["minimum"], each["maximum"]
        for value in (low, high):
            check_config("it", schema, {name: value})
            assert complaint_about(section, name, value) == ""
        for wrong in (low - 1, high + 1, str(low), True, None):
            with pytest.raises(ConfigRejected):
                check_config("it", schema, {name: wrong})
            assert f"from {low} to {high}" in complaint_about(section, name, wrong)


@pytest.mark.parametrize(
    ("name", "taken", "refused", "words"),
    [
        ("mode", ["off", "track", "album"], ["Track", "", 0, None, ["track"]], "one of off, track, album"),
        ("preamp_db", [-15, 15, 0.5], [-15.1, 16, "1", True, None, float("nan")], "a number from -15 to 15"),
        ("clip_guard", [True, False], [0, 1, "true", None], "true or false"),
    ],
)
def test_words_numbers_and_switches(name: str, taken: list[Json], refused: list[Json], words: str) -> None:
    section, schema = ReplayGain(), check_schema(section_schema(ReplayGain()))
    for value in taken:
        check_config("it", schema, {name: value})
        assert complaint_about(section, name, value) == ""
    for value in refused:
        if value == value:  # JSON has no NaN, TOML does
            with pytest.raises(ConfigRejected):
                check_config("it", schema, {name: value})
        assert words in complaint_about(section, name, value)


def _expect_same_choices(section: Section, schema: JsonObject, name: str, choices: list[str | int]) -> None:
    for value in choices:
        check_config("it", schema, {name: value})
        assert complaint_about(section, name, value) == ""
    for wrong in ("slow", 0, 9, True, 2.5, None):
        with pytest.raises(ConfigRejected):
            check_config("it", schema, {name: wrong})
        assert f"one of {choices[0]}, " in complaint_about(section, name, wrong)


def test_the_schema_takes_the_words_that_are_allowed() -> None:
    schema = check_schema(section_schema(LogSettings()))
    for word in ("error", "warn", "info", "debug", "trace"):
        check_config("it", schema, {"level": word})
        assert complaint_about(LogSettings(), "level", word) == ""
    for wrong in ("INFO", "", 3, None):
        with pytest.raises(ConfigRejected):
            check_config("it", schema, {"level": wrong})
        assert "one of error, warn, info, debug, trace" in complaint_about(LogSettings(), "level", wrong)


def test_an_unknown_key_is_told_what_there_is() -> None:
    assert complaint_about(PipelineSizes(), "speed", 1).startswith("speed is unknown; known are block_frames, ")
