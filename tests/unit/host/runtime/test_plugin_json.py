"""JSON of plugins: strict, bounded, never a reason to fall over."""

from __future__ import annotations

import pytest

from host.errors import ConfigRejected
from host.runtime.plugin_json import json_payload, parse_plugin_json


def test_what_is_json_passes() -> None:
    assert parse_plugin_json('{"a": [1, 2.5, "ü", null, true]}'.encode()) == {"a": [1, 2.5, "ü", None, True]}
    assert parse_plugin_json(b"[" * 32 + b"]" * 32)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "decode"),
        (b'{"a": NaN}', "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b"[1e999]", "too large"),
        (b"9" * 5000, "digit"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b"[" * 34 + b"]" * 34, "deeper"),
        (b"[" * 100_000, "nested|not JSON"),
        (b"[" + b"1," * 300_000 + b"1]", "more than 200000"),
        (b" " * ((1 << 20) + 1), "is the most"),
    ],
)
def test_what_is_not_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_plugin_json(data)


def test_a_config_that_utf8_cannot_carry_is_rejected() -> None:
    assert json_payload({"gain_db": -3}) == b'{"gain_db":-3}'
    for value in ("\ud800", float("nan")):
        with pytest.raises(ConfigRejected):
            json_payload({"a": value})
