"""The document that ``render --report`` writes: what was done with each input, by whom, and what came out."""

from __future__ import annotations

import os
from pathlib import Path

from host.errors import OutputError
from host.jsontext import Json, JsonObject, dump_json
from host.playback import Fault, PlaybackResult, Repair, StageUse, TargetFile, TrackResult
from host.where import label_of

__all__ = ["REPORT_SCHEMA", "report_of", "write_report"]

REPORT_SCHEMA = "stellatune.render-report/1"


def report_of(result: PlaybackResult, output: Path) -> JsonObject:
    """The report as JSON.

    ``gaps`` and ``restarts`` are per input, in its own frames; ``repairs`` are all of the pipeline, by its clock.
    ``faults`` are those of an input and its decoder there, those of effects, output and workers here. ``bit_perfect``:
    every sample is the source's own; if not, ``why_not`` says what touched it first.
    """
    inputs: list[Json] = []
    begins = 0
    for track in result.tracks:
        inputs.append(_input(track, result, begins))
        begins += track.frames_out
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
        "inputs": inputs,
        "faults": [_fault(fault) for fault in result.faults],
        "repairs": [_repair(repair) for repair in result.repairs],
    }


def _input(track: TrackResult, result: PlaybackResult, begins: int) -> JsonObject:
    ends = begins + track.frames_out
    rate = result.format.sample_rate_hz if result.format else 0
    users = (*((track.decoder,) if track.decoder else ()), *result.stages)
    generations: JsonObject = {use.name: use.generation for use in users}
    pids: JsonObject = {use.name: use.pid for use in users}
    gaps = [gap for repair in result.repairs for gap in _gaps(repair, begins, ends)]
    touched_by = _touched_by(track, bool(gaps))
    return {
        "source": label_of(track.where),
        "decoder": {"type": track.decoder.type_id, "plugin": track.decoder.plugin_id} if track.decoder else None,
        "generations": generations if track.decoder else {},
        "pids": pids if track.decoder else {},
        "frames_in": track.frames_in,
        "frames_out": track.frames_out,
        "sha256": track.sha256 or None,
        "gain": {"factor": track.gain.factor, "reason": track.gain.reason or None},
        "gaps": gaps,
        "bit_perfect": not touched_by,
        "why_not": touched_by,
        "faults": [*_failure(track), *(_fault(fault) for fault in track.faults)],
        "restarts": sum(
            _within(repair, begins, ends, result.frames) for repair in result.repairs if not repair.planned
        ),
        "wall_s": round(track.wall_s, 6),
        "times_realtime": _times(track.frames_out, rate, track.wall_s),
    }


def _touched_by(track: TrackResult, has_gaps: bool) -> str:
    if track.failure is not None:
        return "it was not played to its end"
    return track.touched_by or ("a part was lost or replaced, see gaps" if has_gaps else "")


def _within(repair: Repair, begins: int, ends: int, all_frames: int) -> bool:
    """What happened at the very end belongs to the last input that was heard."""
    return begins <= repair.position < ends or (begins < ends == all_frames and repair.position >= ends)


def _gaps(repair: Repair, begins: int, ends: int) -> list[Json]:
    """The part of a repair's span that lies in one input; nothing where the samples are those of an undisturbed run."""
    if repair.first is None or repair.last is None or repair.last < begins or repair.first >= ends:
        return []
    return [
        {
            "first": max(0, repair.first - begins),
            "last": min(ends - 1, repair.last) - begins,
            "class": repair.grade.value,
            "stage": repair.stage,
            "cause": repair.cause,
        }
    ]


def _repair(repair: Repair) -> Json:
    return {
        "stage": repair.stage,
        "plugin": repair.plugin_id,
        "type": repair.type_id,
        "old_generation": repair.old_generation,
        "generation": repair.generation,
        "position": repair.position,
        "class": repair.grade.value,
        "cause": repair.cause,
        "first": repair.first,
        "last": repair.last,
        "gap_frames": repair.gap_frames,
        "planned": repair.planned,
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
