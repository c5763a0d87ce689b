"""What a cell came to: the class that the output shows, and everything that was not as it must be.

The class is read from the frames and from what the host told, never from what was expected; the two are compared last.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from host.runtime import CRASHES_FILE
from tests.faults.cell_host import FACTS
from tests.faults.cell_kept import Kept, read_kept
from tests.faults.cell_kinds import Effect
from tests.faults.cell_trial import CHANNELS, FAULTY, NEXT_FRAMES, SHIPPED, Trial, in_media
from tests.faults.cells import Grade, Occasion
from tests.support.faulty import Mark
from tests.support.frames import numbered_audio

__all__ = ["Verdict", "judge"]

BLOCK_FRAMES = 512
_MOST_SPOILT_FRAMES = 8192
_MODULE_PHASES = ("constructor", "entry", "shutdown")
#: Of repairs: the whole pipeline was built anew.
_WHOLE = "pipeline"
_ALL_ENDED = "the rings it joined hold impossible positions"

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one cell. ``observed``: the class, or ``!`` when what came out is none. ``problems``: empty when it passed."""

    observed: str
    fired: int
    frames: int
    problems: tuple[str, ...]


def judge(trial: Trial, ending: str, left: tuple[str, ...]) -> Verdict:
    """After the host of the trial has ended: ``ending`` says how when it did not do so in order."""
    marks = trial.order.fired()
    problems = [*_of_marks(trial, marks), *(f"left behind: {each}" for each in left)]
    if ending:
        return Verdict("!", len(marks), 0, (f"the host {ending}", *problems))
    facts: Facts = json.loads((trial.place / FACTS).read_text())
    kept = read_kept(trial.kept, CHANNELS)
    observed, why = _observed(trial, facts, kept)
    if why:
        problems.append(why)
    problems += [f"the host kept: {each}" for each in facts["left"]]
    problems += _of_history(trial, marks)
    problems += _of_what_was_told(trial, facts, observed)
    if observed not in ("!", trial.cell.expected):
        problems.append(f"class {observed}, expected {trial.cell.expected} ({trial.cell.why})")
    frames = kept.frames
    if frames == 0 and trial.cell.expected is not Grade.REFUSED:
        problems.append("no frame was compared")
    return Verdict(observed, len(marks), frames, tuple(problems))


# ---- the class ----


def _observed(trial: Trial, facts: Facts, kept: Kept) -> tuple[str, str]:
    """The class, and why it is none."""
    if facts["error"] is not None:
        return ("D", "") if facts["error"]["message"] else ("!", "refused without a reason")
    if kept.lost:
        return "!", f"{kept.lost} frames were lost, the first is {int(np.flatnonzero(kept.taken == 0)[0])}"
    if any(track["failure"] for track in facts["tracks"]):
        return _track_ended(facts, kept)
    anew = [repair["position"] for repair in facts["repairs"] if repair["stage"] == _WHOLE]
    spoilt = [repair for repair in facts["repairs"] if repair["first"] is not None and repair["stage"] != _WHOLE]
    differing = kept.differing(trial.golden(anew))
    if spoilt:
        return _bypassed(spoilt, kept, differing)
    if len(differing) and trial.cell.effect is not Effect.NONE:
        why = _not_the_effect(trial, kept, differing)
        return ("!", why) if why else _unheard(facts, kept, anew)
    if len(differing):
        where = f"frames {int(differing[0])} to {int(differing[-1])}"
        return "!", f"{len(differing)} of {kept.frames} frames are wrong and nobody said so: {where}"
    return _unheard(facts, kept, anew)


def _unheard(facts: Facts, kept: Kept, anew: list[int]) -> tuple[str, str]:
    """The programme is whole: the output was opened again, something was refused, or nothing at all can be told.

    An output that died takes at most one block again; all of them do from where the pipeline was built ``anew``.
    """
    twice = np.flatnonzero(kept.taken > 1)
    bounds = [(position, kept.frames if position in anew else position + BLOCK_FRAMES) for position in kept.reopened]
    stray = [frame for frame in twice if not any(start <= frame < end for start, end in bounds)]
    if stray:
        return "!", f"{len(stray)} frames came twice, the first is {stray[0]}; opened again at {kept.reopened}"
    if kept.reopened:
        return "C", ""
    if facts["refused"] is not None:
        return ("N" if facts["disturbed"] == "query" else "D"), ""
    return "A", ""


def _track_ended(facts: Facts, kept: Kept) -> tuple[str, str]:
    first, last = facts["tracks"]
    if last["failure"] or not first["failure"]["message"]:
        return "!", f"not the first track alone failed: {facts['tracks']}"
    if kept.frames != first["frames"] + NEXT_FRAMES:
        return "!", f"{kept.frames} frames came out, {first['frames']} + {NEXT_FRAMES} should have"
    tail = kept.samples[-NEXT_FRAMES * CHANNELS :]
    if not np.array_equal(tail, numbered_audio(0, NEXT_FRAMES, CHANNELS)):
        return "!", "the next track is not whole"
    if np.any(kept.samples[: -NEXT_FRAMES * CHANNELS]):
        return "!", "something was heard of the track that could not be read"
    return "E", ""


def _bypassed(spoilt: list[Any], kept: Kept, differing: npt.NDArray[np.int64]) -> tuple[str, str]:
    """Outside what was reported every frame is right; inside it the music went on, which is the input as it was."""
    reported = np.zeros(max(kept.frames, 1), bool)
    for repair in spoilt:
        reported[repair["first"] : repair["last"] + 1] = True
    outside = [frame for frame in differing if frame >= kept.frames or not reported[frame]]
    if outside:
        return "!", f"{len(outside)} frames outside the reported spans are wrong, the first is {outside[0]}"
    if not len(differing):
        return "!", "a bypass was reported and every frame is right"
    return "B", ""


def _not_the_effect(trial: Trial, kept: Kept, differing: npt.NDArray[np.int64]) -> str:
    """Why the frames that differ are not one block of what such a plugin makes."""
    first, last = int(differing[0]), int(differing[-1])
    block = kept.samples.reshape(-1, CHANNELS)[first : last + 1]
    wanted = {Effect.ZEROS: (0.0, 0.0), Effect.LOUD: (1000.0, -1000.0)}[trial.cell.effect]
    if len(block) != len(differing) or len(block) > _MOST_SPOILT_FRAMES:
        return f"{len(differing)} frames from {first} to {last} are no single block"
    return "" if np.all(block == np.array(wanted, np.float32)) else f"frames {first} to {last} hold something else"


# ---- the proof, the books ----


def _of_marks(trial: Trial, marks: tuple[Mark, ...]) -> list[str]:
    if not marks:
        return ["the fault never fired"]
    first, order = marks[0], trial.order
    if (first.kind, first.phase) != (order.kind, order.phase):
        return [f"another fault fired: {first.line}"]
    if (first.instance == 0) != (order.phase in _MODULE_PHASES):
        return [f"it fired in another instance: {first.line}"]
    if order.phase != "create" and first.call != order.at_call:
        return [f"it fired in another call: {first.line}"]
    return []


def _of_history(trial: Trial, marks: tuple[Mark, ...]) -> list[str]:
    """The crash history names the death that the fault was, with its last words; and no death that was none."""
    rows = _rows(trial.paths.state_dir / CRASHES_FILE)
    decoders = (FAULTY, SHIPPED) if in_media(trial.cell) else (FAULTY,)
    own = [row for row in rows if row["plugin"] in decoders and row["cause"] != "killed"]
    others = [
        f"{row['plugin']} {row['cause']} ({row['reason']})"
        for row in rows
        if row["plugin"] not in decoders and row["reason"] != _ALL_ENDED
    ]
    problems = [f"another plugin's death: {each}" for each in others]
    if not trial.cell.causes:
        return problems + [f"a death was written down: {row['cause']} ({row['reason']})" for row in own]
    named = [row for row in own if any(mark.line in line for mark in marks for line in row["log"])]
    if not own and trial.cell.unseen:
        return problems
    if not named:
        told = [(row["cause"], row["reason"], row["log"][-2:]) for row in own]
        return [*problems, f"no row of the crash history names the fault; rows: {told}"]
    wrong = {row["cause"] for row in named} - trial.cell.causes
    if wrong:
        problems.append(f"the history says {sorted(wrong)} ({named[0]['reason']}), not {sorted(trial.cell.causes)}")
    if trial.cell.occasion is not Occasion.ALWAYS and len(own) != 1:
        problems.append(f"{len(own)} deaths for one fault: {[(row['cause'], row['call']) for row in own]}")
    return problems


def _rows(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _of_what_was_told(trial: Trial, facts: Facts, observed: str) -> list[str]:
    """Exit code and reported faults fit what was heard."""
    lossy = any(repair["gap_frames"] for repair in facts.get("repairs", ()))
    codes = {"A": {0}, "C": {0}, "N": {0}, "B": {7}, "E": {7 if lossy else 6}, "!": {facts["code"]}}
    refused = {0} if facts["refused"] else {5, 7, 9}
    problems = []
    if facts["code"] not in codes.get(observed, refused):
        problems.append(f"exit code {facts['code']} for class {observed}")
    if trial.cell.effect is Effect.ZEROS:
        told = [fault["message"] for fault in facts.get("faults", ()) if fault["code"] == "not_finite"]
        if len(told) != 1 or not re.search(r"\b\d+ samples", told[0]):
            problems.append(f"the scrubbed samples were not told: {facts.get('faults')}")
    return problems
