"""Limits that nobody exceeds who is merely slow: a test that provokes one of them shortens that one."""

from __future__ import annotations

from dataclasses import fields

from host.settings import Limits

__all__ = ["PATIENT"]

_MOST_MS = 60_000
PATIENT = Limits(**{each.name: min(_MOST_MS, each.metadata["high"]) for each in fields(Limits)})
