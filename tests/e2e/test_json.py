"""With --json every command gives one document that names its schema, and an error as an object on stderr."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.audio import noise, write_wav
from tests.e2e.conftest import Stellatune
from tests.e2e.devices import file_device, needs_portaudio, no_device

COMMANDS = {
    "plugins list": "stellatune.plugins/1",
    "plugins info gain": "stellatune.plugin/1",
    "plugins crashes": "stellatune.crashes/1",
    "plugins enable gain": "stellatune.plugin-switch/1",
    "plugins reset gain": "stellatune.plugin-reset/1",
    "sources list": "stellatune.sources/1",
    "outputs list": "stellatune.outputs/1",
    "doctor": "stellatune.doctor/1",
    "paths": "stellatune.paths/1",
    "play in.wav --output null": "stellatune.play/1",
    "render in.wav -o out.wav": "stellatune.render-report/1",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_document_names_its_schema(stellatune: Stellatune, tmp_path: Path, command: str) -> None:
    write_wav(tmp_path / "in.wav", noise(1_000))
    outcome = stellatune.ok("--json", *command.split(), **no_device(tmp_path))
    assert outcome.document["schema"] == COMMANDS[command]
    assert stellatune.ok(*command.split(), **no_device(tmp_path)).out.startswith("{") is False


@pytest.mark.parametrize(
    ("command", "code", "word"),
    [
        ("play missing.wav --output null", 5, "media"),
        ("play --output null", 4, "not_found"),
        ("plugins info nothing", 4, "not_found"),
        ("play in.wav --output system:nosuch", 5, "output"),
        ('play in.wav --output null --dsp gain:{"gain_db":"much"}', 8, "config_rejected"),
        ("play in.wav --output file", 2, "usage"),
        ("play in.wav --output null:x", 2, "usage"),
        ("sources browse nosuch", 4, "not_found"),
        ("lyrics missing.wav", 4, "not_found"),
        ("outputs", 2, "usage"),
        ("status", 3, "not_running"),
        ("events", 3, "not_running"),
        ("plugins restart gain", 3, "not_running"),
        ("plugins disable nothing", 4, "not_found"),
        ("plugins", 2, "usage"),
        ("--config none.toml paths", 2, "usage"),
        ("--config . paths", 2, "usage"),
    ],
)
@needs_portaudio
def test_an_error_is_an_object_on_stderr(
    stellatune: Stellatune, tmp_path: Path, command: str, code: int, word: str
) -> None:
    write_wav(tmp_path / "in.wav", noise(1_000))
    outcome = stellatune("--json", *command.split(), **no_device(tmp_path))
    assert outcome.code == code, outcome.err
    assert outcome.out == ""
    error = json.loads(outcome.err)["error"]
    assert error["code"] == word
    assert error["message"]
    assert error["hint"]


def test_failed_inputs_stand_in_the_document(stellatune: Stellatune, tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", noise(1_000))
    outcome = stellatune("--json", "play", "none.wav", "in.wav", "gone.wav", "--output", "null")
    assert (outcome.code, outcome.err) == (6, "")
    errors = [each["error"] for each in outcome.document["inputs"]]
    assert "none.wav" in errors[0] and errors[1] is None and "gone.wav" in errors[2]
    assert [text.partition(":")[0] for text in outcome.document["warnings"]] == ["none.wav", "gone.wav"]


def test_failed_inputs_stand_in_the_error(stellatune: Stellatune) -> None:
    outcome = stellatune("--json", "play", "none.wav", "gone.wav", "--output", "null")
    assert (outcome.code, outcome.out) == (5, "")
    warnings = json.loads(outcome.err)["error"]["details"]["warnings"]
    assert [text.partition(":")[0] for text in warnings] == ["none.wav", "gone.wav"]


@needs_portaudio
def test_the_demo_names_its_schema_and_its_file(stellatune: Stellatune, tmp_path: Path) -> None:
    document = stellatune.ok("--json", "demo", **no_device(tmp_path)).document
    assert document["schema"] == "stellatune.demo/1"
    assert Path(document["file"]).stat().st_size > 44
    (tmp_path / "alsa").mkdir()
    heard = stellatune.ok("--json", "demo", **file_device(tmp_path / "alsa").environment).document
    assert (heard["schema"], heard["file"], heard["frames"]) == ("stellatune.demo/1", None, document["frames"])


@needs_portaudio
def test_the_demo_tells_people_where_it_rendered(stellatune: Stellatune, tmp_path: Path) -> None:
    outcome = stellatune.ok("demo", **no_device(tmp_path))
    where = Path(outcome.out.split()[-1])
    assert where.is_file()
    assert where.parent == tmp_path
    assert "no sound device" in outcome.err
    assert "PortAudio" in outcome.err
