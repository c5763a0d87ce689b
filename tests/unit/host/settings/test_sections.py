"""Sections: the ranges and the schema say the same."""

from __future__ import annotations

from dataclasses import asdict

import fastjsonschema
import pytest

from host.settings import Limits, PipelineSizes, Section, complaint_about, section_schema


@pytest.mark.parametrize("section", [PipelineSizes(), Limits()], ids=lambda each: type(each).__name__)
def test_the_schema_takes_what_the_ranges_take(section: Section) -> None:
    schema = section_schema(section)
    validate = fastjsonschema.compile(schema)
    tried = 0
    for name, default in asdict(section).items():
        limits = schema["properties"][name]  # type: ignore[call-overload, index]
        assert limits["default"] == default  # type: ignore[call-overload, index]
        for value in (limits["minimum"], limits["maximum"], limits["minimum"] - 1, limits["maximum"] + 1, "1", True):  # type: ignore[call-overload, index, operator]
            try:
                validate({name: value})
                taken = True
            except fastjsonschema.JsonSchemaValueException:
                taken = False
            assert taken == (complaint_about(section, name, value) == ""), (name, value)
            tried += 1
    assert tried == 6 * len(asdict(section))
    assert "unknown" in complaint_about(section, "speed", 1)
