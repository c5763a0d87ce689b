"""Configuration that is kept: saved, shown with its origin, in force in renders, and never in the way."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.audio import Samples, as_float, noise, read_wav, write_wav
from tests.e2e.conftest import Outcome, Stellatune
from tests.e2e.test_control import ask, serving
from tests.support.failpoints import Action, Failpoints
from tests.support.patient import PATIENT

FRAMES = 20_000
LIMITS = "\n".join(["# patient", "[limits]", *(f"{name} = {value}" for name, value in asdict(PATIENT).items()), ""])
QUIETER = 'gain:{"gain_db": -3}'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration of one's own, with patience."""
    path = tmp_path / "own.toml"
    path.write_text(LIMITS)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "in.wav", noise(FRAMES))


def render(stellatune: Stellatune, *arguments: str | Path) -> tuple[Outcome, Samples, int]:
    """The outcome, the samples and their bits."""
    out = stellatune.place / "out.wav"
    outcome = stellatune.ok(*arguments, "-o", out)
    heard = read_wav(out)
    assert len(heard.samples) == FRAMES
    return outcome, heard.samples, heard.bits


def error_of(outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(outcome.err)["error"]
    return found


def test_a_saved_gain_equals_the_option(stellatune: Stellatune, file: Path, source: Path) -> None:
    _, explicit, _ = render(stellatune, "render", source, "--dsp", QUIETER)
    told = stellatune.ok("--config", file, "config", "set", "gain.gain_db", "-3")
    assert told.out == f"dsp.gain.gain_db = -3  ({file})\n"
    assert file.read_text() == f'{LIMITS}\n[plugins."stellatune.dsp.gain".gain]\ngain_db = -3\n'
    _, saved, _ = render(stellatune, "--config", file, "render", source, "--dsp", "gain")
    assert np.array_equal(saved, explicit)
    assert not np.array_equal(saved, as_float(noise(FRAMES)))
    _, over, _ = render(stellatune, "--config", file, "render", source, "--dsp", 'gain:{"gain_db": 0}')
    assert np.array_equal(over, as_float(noise(FRAMES))), "the command line says otherwise"
    stellatune.ok("--config", file, "config", "unset", "dsp.gain")
    _, default, _ = render(stellatune, "--config", file, "render", source, "--dsp", "gain")
    assert np.array_equal(default, as_float(noise(FRAMES)))


def test_a_saved_format_of_files(stellatune: Stellatune, file: Path, source: Path) -> None:
    stellatune.ok("--config", file, "config", "set", "sink.file.format", "s16")
    assert render(stellatune, "--config", file, "render", source)[2] == 16
    assert render(stellatune, "--config", file, "render", source, "--format", "s24")[2] == 24
    stellatune.ok("--config", file, "config", "set", "sink.file.format", "f32")
    stellatune.ok("--config", file, "render", source, "-o", stellatune.place / "out.flac")


def write_loud(path: Path) -> Samples:
    """A float file with samples up to 2, which no decoder but sndfile reads."""
    loud = (as_float(noise(FRAMES)) * np.float32(2)).astype(np.float32)
    path.write_bytes(struct.pack(">4s5I", b".snd", 24, loud.nbytes, 6, 44_100, 2) + loud.astype(">f4").tobytes())
    return loud


def test_a_saved_decoder_option(stellatune: Stellatune, file: Path, tmp_path: Path) -> None:
    source = tmp_path / "loud.au"
    loud = write_loud(source)
    assert np.array_equal(render(stellatune, "--config", file, "render", source)[1], loud)
    stellatune.ok("--config", file, "config", "set", "sndfile.clip", "true")
    limited = render(stellatune, "--config", file, "render", source)[1]
    assert np.array_equal(limited, np.clip(loud, -1, 1))
    assert np.count_nonzero(limited != loud) > FRAMES / 4


def test_successors_have_the_configuration_in_force(
    stellatune: Stellatune, file: Path, failpoints: Failpoints, tmp_path: Path
) -> None:
    source = tmp_path / "loud.au"
    loud = write_loud(source)
    stellatune.ok("--config", file, "config", "set", "sndfile.clip", "true")
    kills = failpoints.arm("publish", Action.KILL, let_pass=1, every=2, plugin="stellatune.decoder.sndfile")
    out = tmp_path / "out.wav"
    stellatune.ok("--config", file, "render", source, "-o", out, PYTHONPATH=failpoints.python_path)
    assert kills.fired >= 2
    assert np.array_equal(read_wav(out).samples, np.clip(loud, -1, 1))


def test_each_section_stands_alone(stellatune: Stellatune, file: Path, source: Path) -> None:
    file.write_text(
        f'{LIMITS}load_msec = 1\n[plugins."stellatune.dsp.gain".gain]\ngain_db = 99\n'
        '[plugins."org.gone".gain]\ngain_db = 1\n[plugins."stellatune.sink.file".file]\nformat = "s16"\n'
    )
    outcome, heard, bits = render(stellatune, "--config", file, "render", source, "--dsp", "gain")
    assert np.array_equal(heard, as_float(noise(FRAMES))), "the default"
    assert bits == 16, "the neighbour holds"
    warnings = [line for line in outcome.err.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 2, outcome.err
    assert "load_msec" in warnings[0]
    assert '[plugins."stellatune.dsp.gain".gain] is ignored' in warnings[1] and "not 99" in warnings[1]
    shown = stellatune("--json", "--config", file, "config", "show")
    assert shown.code == 10
    assert all(words in shown.document["problems"][at] for at, words in enumerate(("load_msec", "99", "org.gone")))
    findings = stellatune.ok("--json", "--config", file, "doctor").document["findings"]
    assert [each["state"] for each in findings if each["check"] == "config"] == ["warning"] * 3
    stellatune.ok("--config", file, "config", "unset", "org.gone")
    stellatune("--config", file, "config", "set", "gain.gain_db", "-3")
    assert len(stellatune("--json", "--config", file, "config", "show").document["problems"]) == 1


def test_a_file_that_is_not_toml(stellatune: Stellatune, file: Path, source: Path) -> None:
    file.write_text("# mine\n[limits\n")
    shown = stellatune("--json", "--config", file, "config", "show")
    assert shown.code == 10
    (problem,) = shown.document["problems"]
    assert str(file) in problem and "line 2" in problem
    values = {each["key"]: each for part in shown.document["parts"] for each in part["values"]}
    assert values["pipeline.block_frames"] == {
        "key": "pipeline.block_frames",
        "value": 512,
        "origin": "default",
        "line": None,
    }
    assert stellatune.ok("--config", file, "config", "get", "limits.read_ms").out == "1000\n"
    stellatune.ok("--config", file, "config", "schema")
    for change in (("set", "gain.gain_db", "-3"), ("set", "limits.read_ms", "7"), ("unset", "gain.gain_db")):
        refused = stellatune("--json", "--config", file, "config", *change)
        assert (refused.code, error_of(refused)["code"]) == (2, "config_file")
        assert str(file) in error_of(refused)["message"]
    assert file.read_text() == "# mine\n[limits\n"
    render(stellatune, "--config", file, "render", source)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("set", "gain.gain_db", "99"), 8, "gain_db must be from -120 to 40, not 99"),
        (("set", "gain.gain", "1"), 8, "did you mean 'gain_db'?"),
        (("set", "gain", "3"), 8, "must be a JSON object"),
        (("set", "gain", '{"gain_db": null}'), 8, "must be of type number"),
        (("set", "pipeline.block_frames", "16"), 8, "from 32 to 8192"),
        (("set", "pipeline", '{"block_frames": 256.0}'), 8, "from 32 to 8192"),
        (("set", "limits.read_msec", "5"), 8, "read_msec is unknown"),
        (("set", "sink.file.format", "s17"), 8, "must be one of"),
        (("set", "gian.gain_db", "1"), 4, "did you mean stellatune.dsp.gain"),
        (("get", "gain.gain"), 4, "did you mean gain_db"),
        (("unset", "org.gone"), 4, "org.gone"),
        (("show", "gian"), 4, "did you mean"),
    ],
)
def test_what_is_refused(stellatune: Stellatune, file: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    outcome = stellatune("--config", file, "config", *arguments)
    assert outcome.code == code, outcome.err
    assert words in outcome.err
    assert file.read_text() == LIMITS


def test_what_is_said_in_json(stellatune: Stellatune, file: Path) -> None:
    changed = stellatune.ok("--json", "--config", file, "config", "set", "dsp.gain", '{"gain_db": -6}').document
    assert changed == {
        "schema": "stellatune.config-change/1",
        "key": "dsp.gain",
        "value": {"gain_db": -6},
        "file": str(file),
        "live": False,
        "effect": "",
        "outcomes": [],
    }
    line = len(LIMITS.splitlines()) + 3
    got = stellatune.ok("--json", "--config", file, "config", "get", "gain.gain_db").document
    assert (got["value"], got["origin"], got["line"]) == (-6, "file", line)
    assert f"dsp.gain.gain_db  -6  {file}:{line}\n" in stellatune.ok("--config", file, "config", "show", "gain").out
    whole = stellatune.ok("--json", "--config", file, "config", "schema").document["json_schema"]["properties"]
    assert whole["pipeline"]["properties"]["block_frames"]["minimum"] == 32
    assert whole["plugins"]["properties"]["stellatune.dsp.gain"]["properties"]["gain"]["additionalProperties"] is False
    for again in (True, False):
        removed = stellatune.ok("--json", "--config", file, "config", "unset", "gain.gain_db").document
        assert removed["removed"] is again


def test_a_running_host_is_named(stellatune: Stellatune, file: Path) -> None:
    with serving(stellatune):
        cases = (("limits.read_ms", "900", "its next start"), ("gain.gain_db", "-3", "nothing that plays"))
        for key, value, effect in cases:
            told = ask(stellatune, "--json", "--config", file, "config", "set", key, value)
            assert told.code == 0, told.err
            assert told.document["live"] is True
            assert effect in told.document["effect"]
