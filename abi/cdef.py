"""Derives cffi declarations and constants from the C headers, so that nobody copies them by hand.

For builds and tests only; nothing imports it at run time.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["HEADERS", "INCLUDE_DIR", "SDK_DIR", "declarations", "enum_values"]

INCLUDE_DIR = Path(__file__).resolve().parent / "include"
SDK_DIR = Path(__file__).resolve().parent / "sdk"

#: In dependency order, as the headers include each other.
HEADERS = (
    "common.h",
    "version.h",
    "io.h",
    "config_update.h",
    "decoder.h",
    "dsp.h",
    "source_catalog.h",
    "lyrics_provider.h",
    "output_sink.h",
    "host.h",
    "module.h",
)

_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_ASSERT = re.compile(r"^ST_STATIC_ASSERT\(.*?\);$", re.S | re.M)
_NUMBER = re.compile(r"^#define\s+(\w+)\s+(?:0x[0-9A-Fa-f]+|\d+)u?\s*$", re.M)
_DIRECTIVE = re.compile(r"^#(?:.*\\\n)*.*$", re.M)
_ENUM = re.compile(r"typedef enum (\w+) \{(.*?)\} \w+;", re.S)


def _text(name: str) -> str:
    return _COMMENT.sub("", (INCLUDE_DIR / "stellatune" / name).read_text(encoding="utf-8"))


def declarations() -> str:
    """The whole ABI as text for ``FFI.cdef``; numeric constants are left for the compiler to fill in."""
    parts: list[str] = []
    for name in HEADERS:
        text = _text(name)
        constants = "".join(f"#define {constant} ...\n" for constant in _NUMBER.findall(text))
        body = _ASSERT.sub("", _DIRECTIVE.sub("", text))
        body = body.replace("ST_BEGIN_DECLS", "").replace("ST_END_DECLS", "")
        parts.append(constants + re.sub(r"\n\s*\n+", "\n", body))
    return "".join(parts)


def enum_values(enum: str) -> dict[str, int]:
    """Names and numbers of one C enum, as written in the headers.

    Raises:
        KeyError: no header has an enum of that name.
    """
    for name in HEADERS:
        for found, body in _ENUM.findall(_text(name)):
            if found == enum:
                pairs = (entry.split("=") for entry in body.split(",") if entry.strip())
                return {key.strip(): int(value, 0) for key, value in pairs}
    raise KeyError(enum)
