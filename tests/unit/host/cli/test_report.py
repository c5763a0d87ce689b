"""The shape of a render report, and that it is written whole."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from host.cli.report import REPORT_SCHEMA, report_of, write_report
from host.errors import MediaError, OutputError
from host.ids import Generation, PluginId, TypeId
from host.jsontext import dump_json
from host.playback import PipelineFormat, PlaybackResult, StageUse, TargetFile, TrackResult

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
    assert failed["decoder"] is None
    assert failed["sha256"] is None
    assert failed["faults"][0]["code"] == "media"


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
