"""Plugins that fail without ending: what they did stands in a warning and in the report."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host.settings import Limits
from tests.e2e.audio import as_float, noise, read_wav, write_wav
from tests.e2e.conftest import ROOT, Stellatune
from tests.support.patient import PATIENT

FRAMES = 50_000
MANIFEST = """id = "test.odd"
name = "Odd"
version = "0.0.0"
api_version = 6
library = "odd.so"
"""
CAPABILITY = """
[[capabilities]]
kind = "%s"
type_id = "odd"
name = "Odd"
config_schema = '{"type": "object"}'
default_config = '{}'
"""
FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", f"-I{ROOT}/abi/include", f"-I{ROOT}/abi/sdk")


def odd_plugin(place: Path, mode: str = "") -> str:
    """tests/plugins/odd.c as a plugin, for STELLATUNE_PLUGIN_PATH. Without a configuration it behaves as ``mode``."""
    folder = place / "odd"
    folder.mkdir()
    defines = (f'-DMODE="{mode}"', f"-DFRAMES={FRAMES}")
    source = ROOT / "tests/plugins/odd.c"
    subprocess.run(["gcc", *FLAGS, *defines, "-o", folder / "odd.so", source, "-lpthread"], check=True)
    listed = [CAPABILITY % kind for kind in ("dsp", "sink", "decoder")]
    (folder / "plugin.toml").write_text(MANIFEST + "".join(listed) + "extensions = { odd = 1 }\n")
    return str(folder)


def limits_for(mode: str) -> Limits:
    """Only what hangs is waited for in vain."""
    return replace(PATIENT, destroy_ms=3000) if mode.startswith("hang") else PATIENT


def report_of(place: Path) -> dict[str, Any]:
    """The report that was written."""
    found: dict[str, Any] = json.loads((place / "report.json").read_text())
    return found


def warnings(err: str) -> list[str]:
    """The warning lines on stderr."""
    return [line for line in err.splitlines() if line.startswith("warning: ")]


@pytest.mark.parametrize(
    ("mode", "code", "fault", "words"),
    [
        ("fail", 7, "process_failed", "fx (test.odd): failed on 98 of 98 blocks"),
        ("nan", 0, "not_finite", "fx (test.odd): "),
        ("crash in destroy", 0, "lost_in_destroy", "plugin test.odd crashed while it was being destroyed"),
        ("hang in destroy", 0, "lost_in_destroy", "plugin test.odd hung while it was being destroyed"),
    ],
)
def test_an_effect(stellatune: Stellatune, tmp_path: Path, mode: str, code: int, fault: str, words: str) -> None:
    stellatune.limits = limits_for(mode)
    source = write_wav(tmp_path / "in.wav", noise(FRAMES))
    path = odd_plugin(tmp_path)
    arguments = ("--dsp", f"fx=odd:{json.dumps({'mode': mode})}", "--report", "report.json")
    outcome = stellatune("render", source, "-o", "out.wav", *arguments, STELLATUNE_PLUGIN_PATH=path)
    assert outcome.code == code, outcome.err
    (line,) = warnings(outcome.err)
    assert words in line
    report = report_of(tmp_path)
    assert report["inputs"][0]["faults"] == []
    (told,) = report["faults"]
    assert told["code"] == fault
    assert words in told["message"]
    result = read_wav(tmp_path / "out.wav").samples
    assert len(result) == FRAMES
    if mode != "nan":
        assert np.array_equal(result, as_float(noise(FRAMES)))


@pytest.mark.parametrize(
    ("mode", "where", "fault", "words"),
    [
        ("nan", "input", "not_finite", "in.wav: 100000 samples were no finite numbers"),
        ("crash in destroy", "chain", "lost_in_destroy", "plugin test.odd crashed while it was being destroyed"),
        ("hang in destroy", "chain", "lost_in_destroy", "plugin test.odd hung while it was being destroyed"),
    ],
)
def test_a_decoder(stellatune: Stellatune, tmp_path: Path, mode: str, where: str, fault: str, words: str) -> None:
    stellatune.limits = limits_for(mode)
    source = write_wav(tmp_path / "in.wav", noise(100))
    path = odd_plugin(tmp_path, mode)
    arguments = ("--decoder", "odd", "--report", "report.json")
    outcome = stellatune("render", source, "-o", "out.wav", *arguments, STELLATUNE_PLUGIN_PATH=path)
    assert outcome.code == 0, outcome.err
    (line,) = [each for each in warnings(outcome.err) if "cannot tell its tags" not in each]  # it shows raw bytes there
    assert words in line
    report = report_of(tmp_path)
    of_input = [each for each in report["inputs"][0]["faults"] if each["code"] != "no_tags"]
    told = {"input": of_input, "chain": report["faults"]}
    (only,) = told.pop(where)
    assert (only["code"], words in only["message"]) == (fault, True)
    assert list(told.values()) == [[]]
    assert len(read_wav(tmp_path / "out.wav").samples) == FRAMES


def test_a_decoder_that_crashes_in_open_is_named_though_the_next_one_takes_the_file(
    stellatune: Stellatune, tmp_path: Path
) -> None:
    source = write_wav(tmp_path / "in.wav", noise(FRAMES))
    path = odd_plugin(tmp_path, "crash in open")
    manifest = tmp_path / "odd" / "plugin.toml"
    manifest.write_text(manifest.read_text().replace("{ odd = 1 }", "{ wav = 65535 }"))
    outcome = stellatune("render", source, "-o", "out.wav", "--report", "report.json", STELLATUNE_PLUGIN_PATH=path)
    assert outcome.code == 0, outcome.err
    (line,) = warnings(outcome.err)
    assert "in.wav" in line and "test.odd" in line and "next decoder" in line
    (track,) = report_of(tmp_path)["inputs"]
    assert track["decoder"]["type"] == "wav"
    (fault,) = track["faults"]
    assert fault["code"] == "worker_lost"
    assert "test.odd" in fault["message"]
    assert np.array_equal(read_wav(tmp_path / "out.wav").samples, as_float(noise(FRAMES)))


def test_play_tells_it_too(stellatune: Stellatune, tmp_path: Path) -> None:
    source = write_wav(tmp_path / "in.wav", noise(FRAMES))
    path = odd_plugin(tmp_path)
    dsp = ("--dsp", 'fx=odd:{"mode": "fail"}')
    outcome = stellatune("--json", "play", source, "--output", "null", *dsp, STELLATUNE_PLUGIN_PATH=path)
    assert outcome.code == 7, outcome.err
    (told,) = outcome.document["faults"]
    assert "failed on 98 of 98 blocks" in told
