"""Makes plugin folders for the tests of host.packages: a good manifest, with one thing changed."""

from __future__ import annotations

from pathlib import Path

GOOD = """
id = "example.dsp.gain"
name = "Gain"
version = "1.2.3"
api_version = 6
licence = "MIT"
library = "gain.so"
rights = ["cache"]
group = "light"
protective = true

[build]
libraries = ["m"]

[[capabilities]]
kind = "dsp"
type_id = "gain"
name = "Gain"
config_schema = '''{"type": "object", "properties": {"gain_db": {"type": "number", "minimum": -60, "maximum": 12}},
                    "additionalProperties": false}'''
default_config = '''{"gain_db": 0}'''

[[capabilities]]
kind = "decoder"
type_id = "tone"
config_schema = '''{"type": "object"}'''
default_config = '{}'
extensions = { tone = 100, "*" = 1 }

[[capabilities]]
kind = "sink"
type_id = "file"
config_schema = '''{"type": "object"}'''
default_config = '{}'
target_schema = '''{"type": "object", "properties": {"path": {"type": "string", "format": "file-write"}}}'''
"""

GOOD_SOURCE = """
[[capabilities]]
kind = "source"
type_id = "web"
config_schema = "{}"
default_config = "{}"
schemes = ["http", "https"]
"""


def make_plugin(folder: Path, text: str = GOOD) -> Path:
    """A folder with that manifest and an empty library beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plugin.toml").write_text(text, encoding="utf-8")
    (folder / "gain.so").touch()
    return folder


def named(plugin_id: str, *types: str, kind: str = "dsp") -> str:
    """A small manifest: an id and some types of one kind."""
    head = f'id = "{plugin_id}"\nname = "x"\nversion = "1.0.0"\napi_version = 6\nlibrary = "gain.so"\n'
    return head + "".join(
        f"[[capabilities]]\nkind = '{kind}'\ntype_id = '{each}'\nconfig_schema = '{{}}'\ndefault_config = '{{}}'\n"
        for each in types
    )
