"""Settings: defaults, files, and that no file can stop the host."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.settings import (
    Limits,
    OutputSettings,
    Paths,
    PipelineSizes,
    ReplayGain,
    ReplayGainMode,
    Settings,
    load_settings,
)


def read(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "config.toml").write_text(text)
    return load_settings(tmp_path / "config.toml")


def test_defaults_are_those_of_the_design() -> None:
    expected = PipelineSizes(
        block_frames=512, decode_ahead_ms=2000, ring_ahead_ms=200, history_ms=1000, checkpoint_kib=256
    )
    assert PipelineSizes() == expected
    limits = Limits()
    assert (limits.handshake_ms, limits.load_ms, limits.destroy_ms, limits.process_ms) == (2000, 5000, 500, 250)


def test_an_absent_file_is_the_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.toml") == Settings()
    (problem,) = load_settings(tmp_path / "none.toml", required=True).problems
    assert "none.toml: no such file" in problem


def test_values_are_taken(tmp_path: Path) -> None:
    got = read(tmp_path, "[pipeline]\nblock_frames = 256\n[limits]\nload_ms = 9000\n")
    assert (got.pipeline.block_frames, got.limits.load_ms, got.problems) == (256, 9000, ())
    assert got.pipeline.history_ms == 1000
    got = read(tmp_path, '[output]\nrate = "best"\nchannels = 2\nlfe = "mix"\n')
    assert (got.output, got.problems) == (OutputSettings(rate="best", channels=2, lfe="mix"), ())


def test_words_and_numbers_are_held_as_what_they_mean(tmp_path: Path) -> None:
    got = read(tmp_path, "[replaygain]\nmode = 'album'\npreamp_db = 2\nclip_guard = false\n")
    assert got.replay_gain == ReplayGain(ReplayGainMode.ALBUM, 2.0, 0.0, clip_guard=False)
    assert (type(got.replay_gain.mode), type(got.replay_gain.preamp_db)) == (ReplayGainMode, float)
    assert read(tmp_path, "[replaygain]\nmode = 'loud'\n").replay_gain == ReplayGain()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[pipeline]\nblock_frames = 0\n", ["[pipeline] block_frames = 0", "from 32 to 8192"]),
        ("[pipeline]\nblock_frames = true\n", ["block_frames = True", "whole number"]),
        ("[pipeline]\nblock_frames = 512.0\n", ["block_frames = 512.0", "whole number"]),
        ('[limits]\nload_ms = "5 s"\n', ["[limits] load_ms = '5 s'"]),
        ("[limits]\nloadms = 5\n", ["[limits] loadms is unknown", "load_ms"]),
        (
            "[colours]\nred = 1\n",
            ["[colours] is unknown", "pipeline, limits, replaygain, output, playback, lyrics, library, log, plugins"],
        ),
        ("[lyrics]\nproviders = [7]\n", ["[lyrics] providers = [7]", "at most 16 different words"]),
        ('[lyrics]\nproviders = ["a", "a"]\n', ["[lyrics] providers", "different words"]),
        ("[lyrics]\nonline = 1\n", ["[lyrics] online = 1", "true or false"]),
        ('[output]\nrate = "slow"\n', ["[output] rate = 'slow'", "one of track, best, fixed"]),
        ("[output]\nrate = 48000\n", ["[output] rate = 48000", "one of track, best, fixed"]),
        ("[output]\nrate_hz = 999\n", ["[output] rate_hz = 999", "from 1000 to 768000"]),
        ("[output]\nchannels = 9\n", ["[output] channels = 9", "one of track, stereo, 1, 2,"]),
        ("[output]\nchannels = true\n", ["[output] channels = True", "one of track, stereo, 1, 2,"]),
        ("limits = 3\n", ["[limits] must be a table"]),
        ("plugins = 3\n", ["[plugins] must be a table"]),
        ("[plugins.stellatune.dsp.gain.gain]\n", ["[plugins.stellatune] is ignored", "an id stands in quotes"]),
        ('[plugins]\n"a.b" = 1\n', ['[plugins."a.b"] must be a table']),
        ('[plugins."a.b"]\ngain = 1\n', ['[plugins."a.b".gain] must be a table']),
        ('[[plugins."a.b".gain]]\n', ['[plugins."a.b".gain] must be a table']),
        ('[plugins."a.b".gain]\nx = [{y = 1979-05-27}]\n', ['[plugins."a.b".gain]', "1979-05-27", "JSON"]),
        ('[plugins."a.b"."x.y"]\nz = -inf\n', ['[plugins."a.b"."x.y"]', "-inf", "JSON"]),
        ("[limits", ["config.toml:", "the defaults are used"]),
    ],
)
def test_what_is_wrong_is_named_and_ignored(tmp_path: Path, text: str, words: list[str]) -> None:
    got = read(tmp_path, text)
    assert (got.pipeline, got.limits, got.output, [*got.plugins]) == (PipelineSizes(), Limits(), OutputSettings(), [])
    (problem,) = got.problems
    assert got.unread == ("the defaults are used" in problem)
    assert problem.startswith(str(tmp_path)) and [word for word in words if word not in problem] == []


def test_one_wrong_value_leaves_the_others(tmp_path: Path) -> None:
    got = read(tmp_path, "[limits]\nload_ms = -1\nopen_ms = 7000\n[x]\n[pipeline]\nhistory_ms = 500\n")
    assert (got.limits.load_ms, got.limits.open_ms, got.pipeline.history_ms) == (5000, 7000, 500)
    assert len(got.problems) == 2


def test_configurations_of_plugins_are_kept_as_they_stand(tmp_path: Path) -> None:
    got = read(tmp_path, '[plugins."a.b".gain]\ngain_db = -3\n[plugins."c.d"]\nx = 1\ny = {z = [1, {}]}\n')
    assert [(each.plugin_id, each.type_id) for each in got.plugins] == [("a.b", "gain"), ("c.d", "y")]
    assert got.plugins.of("a.b", "gain") == {"gain_db": -3}
    assert got.plugins.of("c.d", "y") == {"z": [1, {}]}
    assert got.plugins.of("c.d", "gain") == got.plugins.of("x.y", "gain") == {}
    assert len(got.problems) == 1, "of what is no table"
    assert got.plugins.file == str(tmp_path / "config.toml")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\x00"])
def test_bytes_that_are_no_text(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.toml").write_bytes(content)
    assert len(load_settings(tmp_path / "config.toml").problems) == 1
    assert len(load_settings(tmp_path).problems) == 1, "a directory"


def test_paths_follow_the_xdg_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "RUN"))
    paths = Paths.of_user()
    assert paths.config_file == tmp_path / "CONFIG/stellatune/config.toml"
    assert paths.plugins_dir == tmp_path / "DATA/stellatune/plugins"
    assert (paths.state_dir, paths.cache_dir) == (tmp_path / "STATE/stellatune", tmp_path / "CACHE/stellatune")
    assert paths.runtime_dir == tmp_path / "RUN/stellatune"


def test_no_runtime_directory_is_no_reason_to_complain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert Paths.of_user().runtime_dir.is_absolute()
