"""The commands that look and tell, and the demo."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.e2e.audio import read_wav
from tests.e2e.conftest import Stellatune

SHIPPED = {
    "decoder.flac",
    "decoder.wav",
    "decoder.sndfile",
    "dsp.gain",
    "dsp.convolver",
    "dsp.equalizer",
    "dsp.limiter",
    "dsp.dry",
    "sink.file",
    "sink.null",
    "source.folder",
    "lyrics.sidecar",
}
NAMES_OF_GAIN = ("gain", "dsp.gain", "stellatune.dsp.gain")


def test_plugins_are_listed_without_loading_them(stellatune: Stellatune) -> None:
    document = stellatune.ok("--json", "plugins", "list").document
    assert document["schema"] == "stellatune.plugins/1"
    assert {f"stellatune.{name}" for name in SHIPPED} <= {each["id"] for each in document["plugins"]}
    assert document["live"] is False
    assert not document["problems"]
    assert "stellatune.dsp.gain" in stellatune.ok("plugins", "list").out


def test_plugins_answer_to_any_ending(stellatune: Stellatune) -> None:
    answers = [stellatune.ok("--json", "plugins", "info", name).document for name in NAMES_OF_GAIN]
    assert [document["id"] for document in answers] == ["stellatune.dsp.gain"] * 3
    assert answers[0]["capabilities"][0]["default_config"] == {"gain_db": 0}
    outcome = stellatune("plugins", "info", "gaim")
    assert outcome.code == 4
    assert "stellatune.dsp.gain" in outcome.err


def test_outputs_are_listed(stellatune: Stellatune) -> None:
    document = stellatune.ok("--json", "outputs", "list").document
    assert document["schema"] == "stellatune.outputs/1"
    assert {"null", "file:PATH"} <= {each["output"] for each in document["targets"]}


def test_doctor_finds_nothing_missing_here(stellatune: Stellatune) -> None:
    document = stellatune.ok("--json", "doctor").document
    assert document["healthy"] is True
    checks = {each["check"] for each in document["findings"]}
    assert {"kernel", "memfd", "rings", "plugins", "portaudio", "scheduling", "state", "device"} <= checks


def test_doctor_names_a_broken_plugin(stellatune: Stellatune, tmp_path: Path) -> None:
    broken = tmp_path / "plugins" / "broken"
    broken.mkdir(parents=True)
    (broken / "plugin.toml").write_text('id = "org.example.broken"\n')
    outcome = stellatune("doctor", STELLATUNE_PLUGIN_PATH=str(broken.parent))
    assert outcome.code == 10
    assert str(broken / "plugin.toml") in outcome.out


def test_paths(stellatune: Stellatune) -> None:
    document = stellatune.ok("--json", "paths").document
    assert document["config"].startswith(str(stellatune.place))
    assert len(document["plugins"]) == 2
    assert document["log"] == f"{document['state']}/stellatune.log"
    elsewhere = stellatune.ok("--json", "--log-file", "my.log", "paths").document
    assert elsewhere["log"] == str(stellatune.place / "my.log")


def test_the_demo_without_a_sound_device(stellatune: Stellatune, tmp_path: Path) -> None:
    silent = tmp_path / "asound.conf"
    silent.write_text("")
    outcome = stellatune.ok("--json", "demo", ALSA_CONFIG_PATH=str(silent))
    document = outcome.document
    assert document["workers"] >= 3
    assert outcome.err == ""
    assert "no sound device" in document["warnings"][0]
    heard = read_wav(Path(document["file"]))
    assert len(heard.samples) == document["frames"] == 176_400
    assert float(np.abs(heard.samples).max()) > 0.1
