"""The shape of a render report, and that it is written whole."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from host.cli.report import REPORT_SCHEMA, report_of, write_report
from host.cli.session import exit_of
from host.errors import MediaError, OutputError
from host.ids import Generation, PluginId, TypeId
from host.jsontext import dump_json
from host.playback import Fault, Grade, PipelineFormat, PlaybackResult, Repair, StageUse, TargetFile, TrackResult

DECODER = StageUse("decoder", PluginId("a.flac"), TypeId("flac"), Generation(3), 101)
OUTPUT = StageUse("output", PluginId("a.file"), TypeId("file"), Generation(1), 102)
RESULT = PlaybackResult(
    (
        TrackResult(0, Path("a.flac"), None, DECODER, 44100, 44100, "ab" * 32, 0.5),
        TrackResult(1, Path("none.flac"), MediaError("none.flac: no such file", remedy="check the spelling")),
    ),
    PipelineFormat(44100, 2),
    (OUTPUT,),
    44100,
    1.0,
)


def test_the_shape() -> None:
    report = json.loads(dump_json(report_of(RESULT, Path("out.wav"))))
    assert report["schema"] == REPORT_SCHEMA
    assert (report["frames"], report["sample_rate_hz"], report["channels"]) == (44100, 44100, 2)
    assert report["times_realtime"] == 1.0
    played, failed = report["inputs"]
    assert played["generations"] == {"decoder": 3, "output": 1}
    assert played["pids"] == {"decoder": 101, "output": 102}
    assert played["times_realtime"] == 2.0
    assert (played["gaps"], played["faults"], played["restarts"]) == ([], [], 0)
    assert (played["bit_perfect"], played["why_not"]) == (True, "")
    assert (failed["bit_perfect"], failed["why_not"]) == (False, "it was not played to its end")
    assert failed["decoder"] is None
    assert failed["sha256"] is None
    assert failed["faults"][0]["code"] == "media"


def repaired(position: int, first: int | None = None, last: int | None = None, *, planned: bool = False) -> Repair:
    """One replacement of an effect."""
    grade = Grade.ABSORBED if first is None else Grade.BYPASS
    new = (Generation(1), Generation(2))
    return Repair("fx", PluginId("a.fx"), TypeId("fx"), *new, position, grade, "crashed", first, last, planned=planned)


def test_repairs_stand_with_the_input_they_fell_into() -> None:
    tracks = tuple(replace(RESULT.tracks[0], index=index, frames_out=100) for index in range(3))
    repairs = (repaired(10), repaired(120), repaired(150, planned=True), repaired(205, 90, 204), repaired(300))
    result = replace(RESULT, tracks=tracks, frames=300, repairs=repairs)
    report = json.loads(dump_json(report_of(result, Path("out.wav"))))
    assert [entry["restarts"] for entry in report["inputs"]] == [1, 1, 2]
    spans = [[(gap["first"], gap["last"], gap["class"]) for gap in entry["gaps"]] for entry in report["inputs"]]
    assert spans == [[(90, 99, "B")], [(0, 99, "B")], [(0, 4, "B")]]
    assert [each["position"] for each in report["repairs"]] == [10, 120, 150, 205, 300]
    assert [each["planned"] for each in report["repairs"]] == [False, False, True, False, False]


def test_faults_stand_with_the_input_or_with_the_chain() -> None:
    scrubbed, passed_on = Fault("not_finite", "3 samples"), Fault("process_failed", "fx: 2 of 9", spoils=True)
    bad = replace(RESULT.tracks[0], failure=MediaError("a.flac: damaged"), faults=(scrubbed,))
    report = json.loads(dump_json(report_of(replace(RESULT, tracks=(bad,), faults=(passed_on,)), Path("out.wav"))))
    (entry,) = report["inputs"]
    assert [fault["code"] for fault in entry["faults"]] == ["media", "not_finite"]
    assert report["faults"] == [{"code": "process_failed", "message": "fx: 2 of 9"}]


@pytest.mark.parametrize(
    ("count", "faults", "code"),
    [
        (1, (), 0),
        (2, (), 6),
        (1, (Fault("lost_in_destroy", "x"), Fault("not_finite", "x")), 0),
        (2, (Fault("process_failed", "x", spoils=True),), 7),
    ],
)
def test_the_exit_code(count: int, faults: tuple[Fault, ...], code: int) -> None:
    assert exit_of(replace(RESULT, tracks=RESULT.tracks[:count], faults=faults)) == code


def test_it_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    report = report_of(RESULT, Path("out.wav"))
    with TargetFile.create(tmp_path / "report.json") as target:
        write_report(target, report)
    assert json.loads((tmp_path / "report.json").read_text()) == report
    full = os.open("/dev/full", os.O_WRONLY)
    with TargetFile.create(tmp_path / "other.json") as target, pytest.raises(OutputError, match="cannot be written"):
        os.dup2(full, target.fd)
        write_report(target, report)
    os.close(full)
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_played_and_failed() -> None:
    assert [track.index for track in RESULT.played] == [0]
    assert [track.index for track in RESULT.failed] == [1]
