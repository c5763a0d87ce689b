"""The layer rule of ARCHITECTURE: who may import whom, read from the syntax tree of every module."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("abi", "shm_audio", "plugin_worker", "host", "native_plugins")

# Rooms of the host, lowest first; rooms on one line have no edges between them.
HOST_FLOORS = (
    ("errors", "jsontext", "patience", "printable", "records", "version", "whole_file", "zygote_process"),
    ("ids", "settings", "where"),
    ("events",),
    ("worker",),
    ("supervise", "logbook"),
    ("runtime", "packages"),
    ("capabilities", "playlists"),
    ("media",),
    ("playback", "library", "lyrics"),
    ("app",),
    ("control", "mpris", "cli", "__main__"),
    ("tui",),
)
# Edges on one floor that the rule allows.
HOST_NEIGHBOURS = {("runtime", "packages"), ("cli", "control"), ("cli", "mpris"), ("__main__", "cli")}

THIRD_PARTY: dict[str, set[str]] = {
    "abi": {"cffi", "msgpack"},
    "shm_audio": {"posix_ipc", "cffi"},
    "shm_audio.views": {"numpy"},
    "plugin_worker": {"cffi"},
    "native_plugins.sink_system": {"sounddevice"},
    "host.control": {"msgpack"},
    "host.cli": {"click", "rich"},
    "host.tui": {"click", "rich", "textual"},
    "host.settings": {"tomlkit", "platformdirs"},
    "host.packages": {"fastjsonschema"},
    "host.library": {"watchdog"},
    "host.mpris": {"dbus_fast"},
    "host.supervise": {"psutil"},
}
# Run by the build, in the build's own process: these alone may import cffi and abi.cdef.
BUILDERS = ("build_scan", "build_core", "build_opening", "cdef")

# Imports inside a function, each with its reason.
LAZY: dict[str, str] = {
    "host.packages.schema": "fastjsonschema takes 40 ms to import, and most commands validate nothing",
    "host.supervise.process_use": "psutil takes longer to import than most questions to answer, and only one needs it",
    "host.library.watch": "watchdog takes longer to import than most questions to the library to answer",
    "host.supervise.priority": "the same, and only those who step back need it",
    "host.settings.config_file": "tomlkit takes longer to import than most commands run, and few change the file",
    "host.cli": "each command imports what it needs, so that --version and completion stay quick; rich only draws",
    "host.__main__": "the same",
    "host.tui.command": "textual is an extra, and takes longer to import than most commands run",
    "plugin_worker.serve": "the room for Python modules is entered only by a worker that has one to load",
    "plugin_worker.dispatch": "hashes and JSON are for workers that scan, and slower to import than a worker to fork",
    "shm_audio.segment": "posix_ipc is the second backend, imported only where it was chosen",
    "shm_audio.views": "numpy takes 130 ms to import",
    "native_plugins.sink_system": "sounddevice fails to import where PortAudio is missing, which is said in open",
}


@dataclass(frozen=True, slots=True)
class Import:
    """One import: where it stands, what it names, and whether inside a function."""

    importer: str
    imported: str
    line: int
    lazy: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> list[Path]:
    return sorted(path for top in OURS for path in (ROOT / top).rglob("*.py"))


def imports_of(importer: str, tree: ast.Module) -> Iterator[Import]:
    def walk(node: ast.AST, lazy: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inside = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(importer, alias.name, child.lineno, lazy)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{importer}:{child.lineno}: relative import"
                for alias in child.names:
                    yield Import(importer, f"{child.module}.{alias.name}", child.lineno, lazy)
            yield from walk(child, inside)

    return walk(tree, lazy=False)


def all_imports() -> list[Import]:
    return [
        found for path in modules() for found in imports_of(module_name(path), ast.parse(path.read_text(), str(path)))
    ]


def within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def floor(module: str) -> tuple[str, int]:
    """Room and floor of a module of the host."""
    room = module.split(".")[1] if "." in module else ""
    for number, rooms in enumerate(HOST_FLOORS):
        if room in rooms:
            return room, number
    raise AssertionError(f"{module}: room {room!r} stands on no floor of the house")


def complaint(each: Import) -> str:
    """Why an import breaks the rule; empty when it does not."""
    top, target = each.importer.split(".")[0], each.imported.split(".")[0]
    if target == "multiprocessing":
        return "multiprocessing is used nowhere"
    if target in sys.stdlib_module_names:
        return ""
    if target in ("tests", "tools", "setup"):
        return "nobody imports tests or tools"
    builder = each.importer.split(".")[-1] in BUILDERS
    if target in OURS:
        return "" if builder and top != "host" else our_own(each, top, target)
    if target == "cffi":
        return "" if builder else "cffi is for the builders; at run time only the compiled module is imported"
    if any(within(each.importer, room) and target in names for room, names in THIRD_PARTY.items()):
        return ""
    return "third party: not on the list of this room"


def our_own(each: Import, top: str, target: str) -> str:
    if within(each.imported, "abi.cdef"):
        return "abi.cdef is for the build"
    if top == target:
        return inside_host(each) if top == "host" else ""
    allowed: dict[str, tuple[str, ...]] = {
        "abi": (),
        "shm_audio": (),
        "plugin_worker": ("abi", "shm_audio"),
        "native_plugins": (),
        "host": ("abi.wire", "abi.kinds", "shm_audio"),
    }
    if each.importer == "host.packages.discover" and each.imported == "native_plugins":
        return ""  # for the place of the shipped plugins: its __init__ is a docstring
    return "" if any(within(each.imported, room) for room in allowed[top]) else f"{top} must not know {target}"


def inside_host(each: Import) -> str:
    if each.importer == "host" or each.imported == "host":
        return ""
    (above, high), (below, low) = floor(each.importer), floor(each.imported)
    if above == below or low < high or (above, below) in HOST_NEIGHBOURS:
        return ""
    return f"{above} stands below or beside {below}"


def test_imports_obey_the_layer_rule() -> None:
    found = all_imports()
    assert len(found) > 50
    assert {each.importer.split(".")[0] for each in found} >= {"abi", "host"}
    assert [f"{each}: {complaint(each)}" for each in found if complaint(each)] == []


def test_imports_inside_functions_are_on_the_list() -> None:
    lazy = [each for each in all_imports() if each.lazy]
    assert [str(each) for each in lazy if not any(within(each.importer, room) for room in LAZY)] == []


def test_the_screen_knows_the_host_by_its_socket_alone() -> None:
    """It stands above all rooms, and enters only where the words of commands are."""
    known = {"cli", "control", "errors", "jsontext", "records", "settings", "tui"}
    found = [each for each in all_imports() if within(each.importer, "host.tui") and each.imported.startswith("host.")]
    assert len(found) > 10
    assert [str(each) for each in found if each.imported.split(".")[1] not in known] == []


def test_numpy_stays_out_of_the_front_door_of_shm_audio() -> None:
    assert not [each for each in all_imports() if each.importer == "shm_audio" and "views" in each.imported]


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("host.worker.spawn", "plugin_worker.serve"),
        ("host.worker.spawn", "abi.cdef"),
        ("host.worker.spawn", "abi"),
        ("host.events.bus", "host.worker"),
        ("host.playback.player", "host.library"),
        ("host.packages.manifest", "host.runtime"),
        ("host.app", "host.cli"),
        ("host.app", "click"),
        ("host.worker.spawn", "cffi"),
        ("plugin_worker.serve", "host.ids"),
        ("plugin_worker.serve", "numpy"),
        ("plugin_worker.serve", "abi.cdef"),
        ("shm_audio.ring", "abi.kinds"),
        ("shm_audio.ring", "numpy"),
        ("abi.wire.codec", "shm_audio"),
        ("host.app", "multiprocessing.shared_memory"),
        ("host.app", "tests.census"),
        ("native_plugins.sink_system.plugin", "host.ids"),
    ],
)
def test_the_rule_refuses(importer: str, imported: str) -> None:
    assert complaint(Import(importer, imported, 1, lazy=False))


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("host.worker.spawn", "abi.wire"),
        ("host.cli.play", "host.app"),
        ("plugin_worker.build_core", "abi.cdef"),
        ("plugin_worker.build_core", "cffi"),
        ("shm_audio.views", "numpy"),
        ("host.ids", "abi.kinds"),
    ],
)
def test_the_rule_allows(importer: str, imported: str) -> None:
    assert not complaint(Import(importer, imported, 1, lazy=False))
