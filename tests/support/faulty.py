"""Orders for ``native_plugins/fault``: configurations, imprinted copies of the plugin, marks that prove a strike."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from host.jsontext import JsonObject

__all__ = [
    "KINDS",
    "PHASES",
    "PLUGIN",
    "Mark",
    "Order",
    "copy_id",
    "copy_plugin",
    "impossible",
    "only_in_updates",
]

PLUGIN = Path(__file__).resolve().parents[2] / "native_plugins/fault"
LIBRARY = "fault.so"

_ID = b"stellatune.fault"
_MARKER = b"stellatune fault imprint:"
_ROOM_BYTES = 8192
_LINE = re.compile(r"fault: (\w+) in (\w+) call (\d+) of instance (\d+)\n")


def _manifest() -> dict[str, JsonObject]:
    capabilities = tomllib.loads((PLUGIN / "plugin.toml").read_text())["capabilities"]
    schemas = {each["kind"]: json.loads(each["config_schema"]) for each in capabilities}
    return {word: schema["properties"]["fault"]["properties"] for word, schema in schemas.items()}


def _words(order: JsonObject, name: str) -> tuple[str, ...]:
    member = order[name]
    assert isinstance(member, dict)
    words = member["enum"]
    assert isinstance(words, list)
    return tuple(map(str, words))


_ORDERS = _manifest()

#: All kinds of fault, in the order of the table.
KINDS: tuple[str, ...] = _words(_ORDERS["dsp"], "kind")

#: The phases of each capability, those of the module included.
PHASES: dict[str, tuple[str, ...]] = {
    word: ("constructor", "entry", *_words(order, "phase")) for word, order in _ORDERS.items()
}

_ONLY_IN: dict[str, tuple[tuple[str, ...], str]] = {
    "nan": (("read", "process"), "only read and process make samples"),
    "inf": (("read", "process"), "only read and process make samples"),
    "loud": (("read", "process"), "only read and process make samples"),
    "wrong_frames": (("read", "seek", "write"), "the call tells no number of frames"),
    "overrun_write": (("read", "process", "write"), "the call is given no buffer"),
    "underrun_write": (("read", "process", "write"), "the call is given no buffer"),
    "corrupt_ring": (("read", "process", "write", "export", "flush"), "the stage is not attached to rings then"),
}


def impossible(kind: str, phase: str) -> str:
    """Why this pair cannot be; empty when it can."""
    phases, reason = _ONLY_IN.get(kind, ((), ""))
    if reason and phase not in phases:
        return reason
    if (kind, phase) == ("event_flood", "constructor"):
        return "the plugin does not know its host before the entry"
    return ""


def only_in_updates(capability: str, phase: str) -> bool:
    """Whether nobody makes this call unless a configuration is updated. A dsp's state is also kept in checkpoints."""
    return phase in ("plan", "apply") or (phase in ("export", "import") and capability != "dsp")


@dataclass(frozen=True, slots=True)
class Mark:
    """One strike: the call-th call of the phase, of the instance-th instance of its process (0: of none)."""

    kind: str
    phase: str
    call: int
    instance: int

    @property
    def line(self) -> str:
        """What stands in the mark and on the worker's stderr."""
        return f"fault: {self.kind} in {self.phase} call {self.call} of instance {self.instance}"


@dataclass(frozen=True, slots=True)
class Order:
    """Strike at the ``at_call``-th call of the phase and the ``calls`` - 1 after it, until there are enough marks."""

    kind: str
    phase: str
    marks: Path
    at_call: int = 1
    calls: int = 1
    generations: int = 1
    arg: float | None = None

    @property
    def json(self) -> JsonObject:
        """The object ``fault`` of a configuration or of a ``.frames`` text."""
        order: JsonObject = {
            "kind": self.kind,
            "phase": self.phase,
            "marks": str(self.marks),
            "at_call": self.at_call,
            "calls": self.calls,
            "generations": self.generations,
        }
        return order if self.arg is None else order | {"arg": self.arg}

    @property
    def config(self) -> JsonObject:
        """A configuration that holds nothing but this order."""
        return {"fault": self.json}

    @property
    def needs_imprint(self) -> bool:
        """Whether it is too early for a configuration."""
        return self.phase in ("constructor", "entry")

    def fired(self) -> tuple[Mark, ...]:
        """The marks, oldest first. Those that are being made this moment are left out."""
        found: list[Mark] = []
        for number in range(self.generations):
            path = self.marks / f"fired-{number}"
            line = _LINE.fullmatch(path.read_text()) if path.exists() else None
            if line is None:
                break
            found.append(Mark(line[1], line[2], int(line[3]), int(line[4])))
        return tuple(found)


def copy_plugin(into: Path, order: Order | None = None, number: int = 0) -> Path:
    """The plugin's folder as ``into``. An ``order`` is imprinted into its library and holds for all instances then.

    ``number``: the copy is a plugin of its own, ``copy_id(number)``, that can run beside the shipped one.
    """
    shutil.copytree(PLUGIN, into, ignore=shutil.ignore_patterns("*.c", "*.h", "*.o"))
    library, manifest = into / LIBRARY, into / "plugin.toml"
    data = library.read_bytes()
    if order is not None:
        data = _imprinted(data, json.dumps(order.json).encode())
    if number:
        data = _renamed(data, copy_id(number))
        manifest.write_bytes(_renamed(manifest.read_bytes(), copy_id(number)))
    library.write_bytes(data)
    return into


def copy_id(number: int) -> str:
    """The plugin id of a numbered copy, 1 to 9999; as long as the original's, so that it fits into its place."""
    return f"test.faulty.{number:04}"


def _renamed(data: bytes, plugin_id: str) -> bytes:
    assert data.count(_ID) == 1
    assert len(plugin_id) == len(_ID)
    return data.replace(_ID, plugin_id.encode())


def _imprinted(data: bytes, text: bytes) -> bytes:
    assert data.count(_MARKER) == 1
    start = data.index(_MARKER) + len(_MARKER)
    end = start + len(text)
    assert len(_MARKER) + len(text) < _ROOM_BYTES
    assert data[start : end + 1].count(0) == len(text) + 1, "this library holds an imprint already"
    return data[:start] + text + data[end:]
