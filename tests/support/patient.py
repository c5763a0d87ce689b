"""Limits that nobody exceeds who is merely slow: a test that provokes one of them shortens that one."""

from __future__ import annotations

from dataclasses import fields

from host.settings import Limits, PipelineSizes

__all__ = ["DEEP", "DEEP_DEVICE", "PATIENT"]

_MOST_MS = 60_000
PATIENT = Limits(**{each.name: min(_MOST_MS, each.metadata["high"]) for each in fields(Limits)})

#: Rings so deep that a machine may stand still for a second, and nobody hears it or is bypassed.
DEEP = PipelineSizes(decode_ahead_ms=4000, ring_ahead_ms=2000)

#: For building the capture output: a device that holds as much, so that only what the host does can make it run dry.
DEEP_DEVICE = "AHEAD_MS=1000"
