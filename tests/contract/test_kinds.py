"""Python's enums and the C headers' say the same; nobody copies a number unseen."""

from __future__ import annotations

import re
from enum import IntEnum, IntFlag
from pathlib import Path

import pytest

from abi import cdef, kinds
from abi.wire import StopReason

ROOT = Path(__file__).resolve().parents[2]

ENUMS: dict[str, tuple[type[IntEnum], str]] = {
    "StStatusCode": (kinds.StatusCode, "ST_(?:ERROR_)?"),
    "StCapabilityKind": (kinds.CapabilityKind, "ST_CAPABILITY_"),
    "StLogLevel": (kinds.LogLevel, "ST_LOG_"),
    "StConfigUpdateMode": (kinds.ConfigUpdateMode, "ST_CONFIG_"),
    "StConfigUpdateCost": (kinds.ConfigUpdateCost, "ST_CONFIG_COST_"),
}
FLAGS: dict[str, tuple[type[IntFlag], str, str]] = {
    "decoder": (kinds.DecoderFlag, "decoder.h", "ST_DECODER_FLAG_"),
    "negotiate": (kinds.NegotiateFlag, "output_sink.h", "ST_NEGOTIATE_"),
}


def defines(text: str, prefix: str) -> dict[str, int]:
    found = re.findall(rf"^#define {prefix}(\w+) +(\w+?)u?(?=\s|$)", text, re.MULTILINE)
    return {name: int(value, 0) for name, value in found}


@pytest.mark.parametrize("name", ENUMS)
def test_enum_equals_the_header(name: str) -> None:
    enum, prefix = ENUMS[name]
    in_c = {re.sub(f"^{prefix}", "", key): value for key, value in cdef.enum_values(name).items()}
    assert {member.name: member.value for member in enum} == in_c


def test_every_enum_of_the_headers_has_a_face_or_needs_none() -> None:
    found = {name for header in cdef.HEADERS for name in re.findall(r"typedef enum (\w+)", header_text(header))}
    assert found - set(ENUMS) == {"StSeekWhence"}  # io.h's, spoken between C and C only


@pytest.mark.parametrize("name", FLAGS)
def test_flags_equal_the_header(name: str) -> None:
    enum, header, prefix = FLAGS[name]
    assert {member.name: member.value for member in enum} == defines(header_text(header), prefix)


def test_the_version_is_the_headers() -> None:
    assert defines(header_text("version.h"), "STELLATUNE_") == {"API_VERSION": kinds.API_VERSION}


def test_stop_reasons_equal_the_pumps() -> None:
    """Four reasons never leave the worker: an interrupt, a digest to be taken, another ring to read, a limit."""
    text = (ROOT / "plugin_worker/csrc/pump.h").read_text()
    in_c = {name: int(value) for name, value in re.findall(r"\bST_STOP_(\w+) = (\d+)", text)}
    assert set(in_c) - {member.name for member in StopReason} == {"INTERRUPTED", "DIGEST", "SWITCH", "LIMIT"}
    assert {member.name: member.value for member in StopReason}.items() <= in_c.items()


def header_text(name: str) -> str:
    return (cdef.INCLUDE_DIR / "stellatune" / name).read_text()
