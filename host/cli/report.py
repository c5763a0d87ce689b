"""The document that ``render --report`` writes: what was done with each input, by whom, and what came out."""

from __future__ import annotations

import os
from pathlib import Path

from host.errors import OutputError
from host.jsontext import Json, JsonObject, dump_json
from host.playback import Fault, PlaybackResult, StageUse, TargetFile, TrackResult, label_of

__all__ = ["REPORT_SCHEMA", "report_of", "write_report"]

REPORT_SCHEMA = "stellatune.render-report/1"


def report_of(result: PlaybackResult, output: Path) -> JsonObject:
    """The report as JSON. ``gaps`` and ``restarts`` are per input; there are none without recovery.

    ``faults`` are those of an input and its decoder there, those of effects, output and workers here.
    """
    rate = result.format.sample_rate_hz if result.format else 0
    return {
        "schema": REPORT_SCHEMA,
        "output": label_of(output),
        "sample_rate_hz": rate,
        "channels": result.format.channels if result.format else 0,
        "frames": result.frames,
        "wall_s": round(result.wall_s, 6),
        "times_realtime": _times(result.frames, rate, result.wall_s),
        "chain": [_use(use) for use in result.stages],
        "inputs": [_input(track, result) for track in result.tracks],
        "faults": [_fault(fault) for fault in result.faults],
    }


def _input(track: TrackResult, result: PlaybackResult) -> JsonObject:
    rate = result.format.sample_rate_hz if result.format else 0
    users = (*((track.decoder,) if track.decoder else ()), *result.stages)
    generations: JsonObject = {use.name: use.generation for use in users}
    pids: JsonObject = {use.name: use.pid for use in users}
    return {
        "source": label_of(track.path),
        "decoder": {"type": track.decoder.type_id, "plugin": track.decoder.plugin_id} if track.decoder else None,
        "generations": generations if track.decoder else {},
        "pids": pids if track.decoder else {},
        "frames_in": track.frames_in,
        "frames_out": track.frames_out,
        "sha256": track.sha256 or None,
        "gaps": [],
        "faults": [*_failure(track), *(_fault(fault) for fault in track.faults)],
        "restarts": 0,
        "wall_s": round(track.wall_s, 6),
        "times_realtime": _times(track.frames_out, rate, track.wall_s),
    }


def _failure(track: TrackResult) -> list[Json]:
    return [] if track.failure is None else [{"code": track.failure.code, "message": str(track.failure)}]


def _fault(fault: Fault) -> Json:
    return {"code": fault.code, "message": fault.message}


def _use(use: StageUse) -> Json:
    return {
        "name": use.name,
        "plugin": use.plugin_id,
        "type": use.type_id,
        "generation": use.generation,
        "pid": use.pid,
    }


def _times(frames: int, rate: int, wall_s: float) -> Json:
    return round(frames / rate / wall_s, 3) if rate and wall_s > 0 else None


def write_report(target: TargetFile, report: JsonObject) -> None:
    """Writes it and puts it in place: whole or not at all. Raises: OutputError."""
    try:
        with os.fdopen(target.fd, "w", encoding="utf-8", closefd=False) as stream:
            stream.write(dump_json(report) + "\n")
    except OSError as error:
        raise OutputError(
            f"{target.path}: the report cannot be written: {error.strerror}", remedy="free some space"
        ) from error
    target.commit()
