"""One playback at the pace of a device, maltreated; what the device heard is compared with the undisturbed run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from host.cli.chain_options import OutputOption
from host.events import StageMended, WorkerExited
from host.ids import PluginId
from host.playback import Grade, PlaybackResult, Repair
from tests.e2e.audio import Samples, read_wav
from tests.faults.assassin import Blow
from tests.faults.hosted import Hosted, Programme
from tests.faults.witness import Witness
from tests.support.capture import Capture, load_capture

__all__ = ["SINK", "Heard", "PacedTrial"]

SINK = PluginId("test.sink.capture")


@dataclass(slots=True)
class Heard:
    """What came of it; ``gaps``: seconds that the device played silence. ``wrong``: all that was not as it must be."""

    parts: tuple[PluginId, ...]
    frames: int = 0
    rate: int = 0
    deaths: dict[PluginId, int] = field(default_factory=dict)
    grades: dict[PluginId, list[Grade]] = field(default_factory=dict)
    detection: dict[PluginId, list[float]] = field(default_factory=dict)
    mending: dict[PluginId, list[float]] = field(default_factory=dict)
    gaps: list[float] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0
    spans: list[tuple[int, int]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def expect(self, true: bool, otherwise: str) -> None:
        """Notes what is not so."""
        if not true:
            self.wrong.append(otherwise)


class PacedTrial:
    """``bypass``: an effect may be missing for a while, if that is told. ``worst_gap_s``: when an output died."""

    def __init__(self, host: Hosted, folder: Path, *, bypass: bool, worst_gap_s: float) -> None:
        self._host = host
        self._folder = folder
        self._bypass = bypass
        self._worst_gap_s = worst_gap_s

    async def golden(self, programme: Programme) -> Samples:
        """The undisturbed run, as it would be written."""
        out = self._folder / "golden.wav"
        await self._host.render(programme, out)
        return read_wav(out).samples

    async def perform(
        self, programme: Programme, golden: Samples, violence: Callable[[], Coroutine[None, None, None]] | None = None
    ) -> Heard:
        """Plays it, with ``violence`` beside, and listens."""
        heard = Heard((*programme.parts, SINK))
        path = self._folder / "heard"
        task = asyncio.create_task(violence()) if violence is not None else None
        try:
            async with asyncio.timeout(60 + 4 * len(golden) / 44_100):
                result = await self._host.play(programme, OutputOption("capture", str(path)))
        finally:
            if task is not None:
                task.cancel()
                await asyncio.wait((task,))
        if task is not None and not task.cancelled() and (error := task.exception()) is not None:
            raise error
        self._listen(heard, load_capture(path), golden, result)
        return heard

    def _listen(self, heard: Heard, capture: Capture, golden: Samples, result: PlaybackResult) -> None:
        heard.frames, heard.rate = capture.frames, capture.rate
        samples = capture.samples().reshape(-1, capture.channels)
        heard.expect(capture.start == 0, f"it began at frame {capture.start}")
        heard.expect(len(samples) == len(golden), f"{len(samples)} frames were heard of {len(golden)}")
        heard.expect(capture.flushed, "it was not played out")
        heard.expect(not result.failed, f"{[str(each.failure) for each in result.failed]}")
        self._judge_repairs(heard, result.repairs)
        shortest = min(len(samples), len(golden))
        for first, last in _runs(np.any(samples[:shortest] != golden[:shortest], axis=1)):
            told = any(span[0] <= first and last <= span[1] for span in heard.spans)
            heard.expect(told, f"frames {first} to {last} differ from the undisturbed run, and nobody told")
        heard.lost = sum(span.end - span.start for span in capture.lost)
        heard.doubled = sum(span.end - span.start for span in capture.doubled)
        heard.expect(heard.lost == 0, f"{heard.lost} frames were lost")
        heard.expect(heard.doubled == 0, f"{heard.doubled} frames were played twice")
        for silence in capture.inserted_silence:
            heard.gaps.append(silence.frames / capture.rate)
            ours = silence.after_restart and not silence.by_worker
            heard.expect(
                ours, f"{silence.frames} frames of silence at {silence.position}, and no output had died there"
            )
            heard.expect(heard.gaps[-1] <= self._worst_gap_s, f"a gap of {heard.gaps[-1]:.3f} s")
        reopened = [restart.position for restart in capture.restarts]
        opened = [repair.position for repair in result.repairs if repair.plugin_id == SINK]
        heard.expect(opened == reopened, f"the output was opened again at {reopened}; told was {opened}")

    def _judge_repairs(self, heard: Heard, repairs: Sequence[Repair]) -> None:
        allowed = {Grade.ABSORBED, Grade.BYPASS} if self._bypass else {Grade.ABSORBED}
        for repair in repairs:
            heard.grades.setdefault(repair.plugin_id, []).append(repair.grade)
            expected = {Grade.SHORT_GAP} if repair.plugin_id == SINK else allowed
            heard.expect(repair.grade in expected, f"{repair}")
            if repair.grade is Grade.BYPASS and repair.first is not None and repair.last is not None:
                heard.spans.append((repair.first, repair.last))

    def measure(self, heard: Heard, blows: Sequence[Blow], witness: Witness) -> None:
        """How long each death took to be known, and to be mended."""
        struck = {blow.pid: blow.at_s for blow in blows}
        ends = {(exit_.plugin_id, exit_.generation): (exit_.pid, at_s) for at_s, exit_ in witness.times(WorkerExited)}
        heard.deaths = {part: witness.deaths_of(part) for part in heard.parts}
        for (plugin, _), (pid, at_s) in ends.items():
            if pid in struck:
                heard.detection.setdefault(plugin, []).append(at_s - struck[pid])
        for at_s, mend in witness.times(StageMended):
            pid, ended_at_s = ends[mend.plugin_id, mend.old_generation]
            heard.mending.setdefault(mend.plugin_id, []).append(at_s - ended_at_s)
        missing = set(struck) - {pid for pid, _ in ends.values()}
        heard.expect(not missing, f"struck, and nobody was told of their deaths: {missing}")


def _runs(mask: np.typing.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last of each run of what is true, runs less than a block apart taken together."""
    places = np.flatnonzero(mask)
    if len(places) == 0:
        return []
    cuts = np.flatnonzero(np.diff(places) > 512)
    firsts, lasts = places[np.r_[0, cuts + 1]], places[np.r_[cuts, len(places) - 1]]
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]
