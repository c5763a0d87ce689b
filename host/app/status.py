"""What a host is doing at this moment, as JSON: itself, what plays, its workers, its last faults."""

from __future__ import annotations

import os
from collections.abc import Iterable

from host.events import PluginFault
from host.jsontext import Json, JsonObject
from host.playback import Absence, Now, StageUse
from host.version import VERSION
from host.where import label_of

__all__ = ["elapsed", "fault_facts", "host_facts", "playback_facts"]


def host_facts(up_s: float) -> JsonObject:
    """The process."""
    return {"pid": os.getpid(), "version": VERSION, "up_s": round(up_s, 3)}


def elapsed(now: Now) -> tuple[float, float | None]:
    """How much of the track was played, and how much there is, in seconds."""
    return now.done_s, now.track.duration_s


def playback_facts(now: Now) -> JsonObject:
    """The track, the place in it, and the chain with generations and pids."""
    done_s, total_s = elapsed(now)
    info, tags = now.track.info, now.track.tags
    return {
        "track": {
            "index": now.track.index,
            "label": label_of(now.track.where),
            "title": now.title or None,
            "artist": tags.artist or None,
            "album": tags.album or None,
            "done_s": round(done_s, 3),
            "total_s": None if total_s is None else round(total_s, 3),
            "sample_rate_hz": info.sample_rate_hz,
            "channels": info.channels,
            "bits_per_sample": info.bits_per_sample,
            "gain": now.track.gain.reason or None,
        },
        "position": now.position,
        "xruns": now.xruns,
        "clipped_samples": now.clipped_samples,
        "output": _output_facts(now.absence),
        "bit_perfect": not now.touched_by,
        "why_not": now.touched_by,
        "buffering": now.buffering,
        "chain": [*map(_use, now.track.served_by), _use(now.track.use), *map(_use, now.stages)],
    }


def _output_facts(absence: Absence | None) -> JsonObject:
    """Whether what plays is heard; where it is not, for how long and why."""
    if absence is None:
        return {"state": "ok", "since_s": None, "reason": ""}
    return {"state": "lost", "since_s": round(absence.lasted_s, 3), "reason": absence.reason}


def _use(use: StageUse) -> Json:
    return {
        "name": use.name,
        "plugin": use.plugin_id,
        "type": use.type_id,
        "generation": use.generation,
        "pid": use.pid,
        "instance": use.instance,
    }


def fault_facts(faults: Iterable[PluginFault]) -> list[Json]:
    """The last faults, oldest first."""
    return [
        {
            "plugin": fault.plugin_id,
            "role": fault.role.value,
            "generation": fault.generation,
            "cause": fault.cause,
            "call": fault.call,
            "how": fault.how,
            "action": fault.action,
            "restarts": fault.restarts,
        }
        for fault in faults
    ]
