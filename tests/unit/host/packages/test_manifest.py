"""plugin.toml: a good one is read in full, and every way to get it wrong has one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abi.kinds import CapabilityKind
from host.errors import IncompatibleVersion, ManifestError, PackageError
from host.packages import Right, read_manifest
from tests.unit.host.packages.plugin_folder import GOOD, GOOD_SOURCE, make_plugin


def test_a_good_manifest_is_read_in_full(tmp_path: Path) -> None:
    manifest = read_manifest(make_plugin(tmp_path))
    assert (manifest.id, manifest.name, manifest.version) == ("example.dsp.gain", "Gain", "1.2.3")
    assert (manifest.entry, manifest.is_python) == (tmp_path / "gain.so", False)
    assert (manifest.rights, manifest.group, manifest.protective) == (frozenset([Right.CACHE]), "light", True)
    dsp, decoder, sink = manifest.capabilities
    assert (dsp.kind, dsp.type_id, dsp.default_config) == (CapabilityKind.DSP, "gain", {"gain_db": 0})
    assert (decoder.name, decoder.scores) == ("tone", (("*", 1), ("tone", 100)))
    assert sink.target_schema is not None and dsp.target_schema is None
    assert str(manifest.key(decoder)) == "example.dsp.gain:decoder:tone"


def test_a_python_module(tmp_path: Path) -> None:
    folder = make_plugin(tmp_path, GOOD.replace('library = "gain.so"', 'module = "plugin.py"'))
    (folder / "plugin.py").touch()
    manifest = read_manifest(folder)
    assert manifest.is_python and manifest.entry == folder / "plugin.py"


# What is replaced, by what, and the words the error must hold.
BAD = [
    ('id = "example.dsp.gain"', "", ["id is missing"]),
    ('"example.dsp.gain"', '"Example.Gain"', ["id", "Example.Gain"]),
    ('"example.dsp.gain"', '"gain"', ["id", "domain"]),
    ('"example.dsp.gain"', f'"a.{"b" * 127}"', ["id", "128"]),
    ('"example.dsp.gain"', '"a.b\\n"', ["id"]),
    ('"example.dsp.gain"', "7", ["id must be a text, not 7"]),
    ('version = "1.2.3"', 'version = "1.2"', ["version", "1.2", "three numbers"]),
    ('version = "1.2.3"', "", ["version is missing"]),
    ("api_version = 6", "", ["api_version is missing"]),
    ("api_version = 6", 'api_version = "6"', ["api_version must be a whole number"]),
    ("api_version = 6", "api_version = true", ["api_version must be a whole number"]),
    ('name = "Gain"\nversion', "version", ["name is missing"]),
    ('library = "gain.so"', "", ["library", "exactly one"]),
    ('library = "gain.so"', 'library = "gain.so"\nmodule = "x.py"', ["exactly one"]),
    ('"gain.so"', '"absent.so"', ["library = 'absent.so'", "no such file", "build the plugin"]),
    ('"gain.so"', '"../gain.so"', ["leads out of"]),
    ('"gain.so"', '"/bin/sh"', ["leads out of"]),
    ('"gain.so"', '"."', ["no such file"]),
    ('"gain.so"', '""', ["leads out of"]),
    ('"gain.so"', '"a\\u0000b"', ["library"]),
    ("[build]", "[build]\nlibs = []", ["build.libs is unknown", "did you mean libraries?"]),
    ('libraries = ["m"]', "libraries = [1]", ["build.libraries", "list of texts"]),
    ("[build]", "[bild]", ["bild is unknown", "build"]),
    ('rights = ["cache"]', 'rights = ["root"]', ["rights", "'root'", "network, cache"]),
    ('rights = ["cache"]', 'rights = "cache"', ["rights must be a list"]),
    ("protective = true", 'protective = "yes"', ["protective must be true or false"]),
    ('kind = "dsp"', 'kind = "effect"', ["capabilities[0].kind", "'effect'", "decoder, dsp, source, lyrics, sink"]),
    ('type_id = "gain"', 'type_id = "Gain"', ["capabilities[0].type_id"]),
    ('type_id = "gain"', f'type_id = "{"g" * 65}"', ["type_id", "64"]),
    ("default_config = '''{\"gain_db\": 0}'''", "", ["capabilities[0].default_config is missing"]),
    ('{"gain_db": 0}', '{"gain_db": 99}', ["default_config", "gain_db must be from -60 to 12, not 99"]),
    ('{"gain_db": 0}', '{"gain": 0}', ["default_config", "'gain'", "did you mean 'gain_db'?"]),
    ('{"gain_db": 0}', "[]", ["default_config must be a JSON object"]),
    ('{"gain_db": 0}', '{"gain_db": NaN}', ["default_config", "NaN"]),
    ('{"gain_db": 0}', '{"gain_db": 1e999}', ["default_config", "1e999"]),
    ('{"gain_db": 0}', '{"gain_db": 0', ["default_config", "not JSON"]),
    ('{"gain_db": 0}', '{"gain_db": 0, "gain_db": 1}', ["default_config", "twice"]),
    ('"minimum": -60', '"minimum": "low"', ["config_schema.properties.gain_db.minimum must be a number"]),
    ('"minimum": -60', '"pattern": "(a+)+$"', ["gain_db.pattern is not supported"]),
    ('"minimum": -60', '"$ref": "file:///etc/passwd"', ["gain_db.$ref is not supported"]),
    ("tone = 100", "tone = 65536", ["capabilities[1].extensions.tone = 65536", "65535"]),
    ("tone = 100", "tone = -1", ["tone = -1"]),
    ("tone = 100", "Tone = 100", ["lowercase"]),
    ("tone = 100", '".tone" = 100', ["without dot"]),
    ("tone = 100", "tone = true", ["tone must be a whole number"]),
    ('kind = "dsp"', 'kind = "dsp"\nextensions = {a = 1}', ["capabilities[0].extensions is unknown"]),
    ("[[capabilities]]", "[[capability]]", ["capabilities is missing"]),
    ('type_id = "tone"\n', 'type_id = "tone"\ncolour = 1\n', ["capabilities[1].colour is unknown"]),
    ("[build]", "[build", ["not TOML"]),
]


@pytest.mark.parametrize(("old", "new", "words"), BAD, ids=[f"{old[:14]}-{new[:14]}" for old, new, _ in BAD])
def test_a_bad_manifest_says_what_is_wrong(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    assert old in GOOD
    folder = make_plugin(tmp_path, GOOD.replace(old, new))
    with pytest.raises(ManifestError) as caught:
        read_manifest(folder)
    text = str(caught.value)
    assert str(folder / "plugin.toml") in text and "\n" not in text
    assert [word for word in words if word not in text] == [], text


def test_another_api_version_is_incompatible_whatever_else_it_holds(tmp_path: Path) -> None:
    text = 'id = "example.dsp.gain"\napi_version = 7\nnew_key = 1\n'
    with pytest.raises(IncompatibleVersion, match=r"example\.dsp\.gain is built for api_version 7, this host has 6"):
        read_manifest(make_plugin(tmp_path, text))


def test_the_same_type_twice(tmp_path: Path) -> None:
    text = GOOD + '[[capabilities]]\nkind = "dsp"\ntype_id = "gain"\nconfig_schema = "{}"\ndefault_config = "{}"\n'
    with pytest.raises(ManifestError, match=r"capabilities\[3\]\.type_id = 'gain' stands twice"):
        read_manifest(make_plugin(tmp_path, text))


def test_the_same_type_of_another_kind_is_another_type(tmp_path: Path) -> None:
    text = GOOD + '[[capabilities]]\nkind = "lyrics"\ntype_id = "gain"\nconfig_schema = "{}"\ndefault_config = "{}"\n'
    assert len(read_manifest(make_plugin(tmp_path, text)).capabilities) == 4


def test_a_source_names_the_schemes_that_it_opens(tmp_path: Path) -> None:
    assert read_manifest(make_plugin(tmp_path, GOOD + GOOD_SOURCE)).capabilities[3].schemes == ("http", "https")


@pytest.mark.parametrize("scheme", ["HTTP", "file", "source", "", "1x", "a:", "a" * 33, "http\\n"])
def test_a_scheme_is_none_or_taken(tmp_path: Path, scheme: str) -> None:
    with pytest.raises(ManifestError, match=r"capabilities\[3\]\.schemes has"):
        read_manifest(make_plugin(tmp_path, GOOD + GOOD_SOURCE.replace("https", scheme)))


def test_only_a_source_has_schemes(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"capabilities\[3\]\.schemes is unknown"):
        read_manifest(make_plugin(tmp_path, GOOD + GOOD_SOURCE.replace('"source"', '"lyrics"')))


def test_too_many_capabilities(tmp_path: Path) -> None:
    head = GOOD.partition("[[")[0]
    text = head + "".join(
        f'[[capabilities]]\nkind = "dsp"\ntype_id = "t{n}"\nconfig_schema = "{{}}"\ndefault_config = "{{}}"\n'
        for n in range(257)
    )
    with pytest.raises(ManifestError, match="257 entries"):
        read_manifest(make_plugin(tmp_path, text))
    with pytest.raises(ManifestError, match="0 entries"):
        read_manifest(make_plugin(tmp_path, head.replace('[build]\nlibraries = ["m"]\n', "capabilities = []\n")))


def test_a_library_reached_through_a_link_out_of_the_folder(tmp_path: Path) -> None:
    folder = make_plugin(tmp_path / "plugin")
    (folder / "gain.so").unlink()
    (tmp_path / "elsewhere.so").touch()
    (folder / "gain.so").symlink_to(tmp_path / "elsewhere.so")
    with pytest.raises(ManifestError, match="leads out of"):
        read_manifest(folder)


def test_files_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="No such file"):
        read_manifest(tmp_path)
    (tmp_path / "plugin.toml").write_bytes(b"id = \xff")
    with pytest.raises(ManifestError, match="not UTF-8 at byte 5"):
        read_manifest(tmp_path)
    (tmp_path / "plugin.toml").write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(ManifestError, match="larger than"):
        read_manifest(tmp_path)
    (tmp_path / "plugin.toml").unlink()
    (tmp_path / "plugin.toml").mkdir()
    with pytest.raises(ManifestError, match="directory"):
        read_manifest(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(start=st.integers(0, len(GOOD)), length=st.integers(0, 40), insert=st.text(max_size=20))
def test_whatever_is_changed_it_is_read_or_refused(tmp_path: Path, start: int, length: int, insert: str) -> None:
    folder = make_plugin(tmp_path, GOOD[:start] + insert + GOOD[start + length :])
    try:
        assert read_manifest(folder).capabilities
    except PackageError as error:
        assert str(folder) in error.message
