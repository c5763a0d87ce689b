"""plugin.toml: what a plugin says about itself, readable without loading a line of its code.

Everything is checked here, once; the rest of the host relies on it.
"""

from __future__ import annotations

import re
import tomllib
from enum import StrEnum
from pathlib import Path

from abi.kinds import API_VERSION, CapabilityKind
from host.errors import ConfigRejected, IncompatibleVersion, ManifestError, NotBuilt, NotFound
from host.ids import CapabilityKey, PluginId, TypeId
from host.jsontext import Json, JsonObject, parse_json
from host.packages.schema import check_config, check_schema
from host.packages.table import Table
from host.records import record

__all__ = ["MANIFEST_NAME", "CapabilityManifest", "Needs", "PluginManifest", "Right", "read_manifest"]

MANIFEST_NAME = "plugin.toml"
MAX_MANIFEST_BYTES = 1 << 20
MAX_CAPABILITIES = 256
MAX_SCORE = 65535
#: The host's own: files, and tracks of a source by its name.
TAKEN_SCHEMES = ("file", "source")

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,31}", re.ASCII)


class Right(StrEnum):
    """What a plugin may ask for beyond computing."""

    NETWORK = "network"
    CACHE = "cache"
    CONTROL_PLAYER = "control:player"
    CONTROL_QUEUE = "control:queue"
    CONTROL_LIBRARY = "control:library"
    EVENTS_PLAYER = "events:player"


@record
class CapabilityManifest:
    """One capability. `scores` (decoders only): lowercase extension without dot, or `*`, to 0..65535.

    `schemes` (sources only): of the URLs that it opens, lowercase.
    """

    kind: CapabilityKind
    type_id: TypeId
    name: str
    config_schema: JsonObject
    default_config: JsonObject
    scores: tuple[tuple[str, int], ...] = ()
    target_schema: JsonObject | None = None
    schemes: tuple[str, ...] = ()


@record
class Needs:
    """What a library is built with: other libraries, as pkg-config calls them, and the Debian packages they are in."""

    libraries: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


@record
class PluginManifest:
    """One plugin. `entry` is its library, or its Python module where `is_python`; it lies in `folder`.

    A library that needs others is not there where those were not found when StellaTune was built (`not_built`).
    """

    id: PluginId
    name: str
    version: str
    folder: Path
    entry: Path
    is_python: bool
    capabilities: tuple[CapabilityManifest, ...]
    licence: str = ""
    homepage: str = ""
    description: str = ""
    rights: frozenset[Right] = frozenset()
    group: str = ""
    protective: bool = False
    needs: Needs = Needs()
    is_there: bool = True

    def capability(self, kind: CapabilityKind, type_id: TypeId) -> CapabilityManifest:
        """The capability of that kind and type. Raises: NotFound."""
        for each in self.capabilities:
            if (each.kind, each.type_id) == (kind, type_id):
                return each
        raise NotFound(f"{self.id} has no {kind.word} of type {type_id}", remedy="see `stellatune plugins info`")

    def not_built(self) -> NotBuilt | None:
        """Why it cannot be loaded, and what brings it; None where it can."""
        if self.is_there:
            return None
        packages = " ".join(("pkg-config", *self.needs.packages))
        return NotBuilt(
            f"{self.id} is not built: pkg-config did not find all of {', '.join(self.needs.libraries)}",
            remedy=f"apt-get install {packages}, then install StellaTune again",
        )

    def key(self, capability: CapabilityManifest) -> CapabilityKey:
        """The full name of one of its capabilities."""
        return CapabilityKey(self.id, capability.kind, capability.type_id)


def read_manifest(folder: Path) -> PluginManifest:
    """Reads and checks the plugin.toml of a folder.

    Raises: ManifestError naming file, key and remedy; IncompatibleVersion for another api_version.
    """
    file = folder / MANIFEST_NAME
    top = Table(file, "", _document(file))
    plugin_id = PluginId(top.text("id", r"[a-z0-9._-]{1,128}", "an id of up to 128 of a-z 0-9 . _ -"))
    if "." not in plugin_id.strip("."):
        raise top.wrong("id", f"= {plugin_id!r} needs a domain", "write it as example.dsp.gain")
    # Asked before the rest: a manifest for another version may well look different.
    api_version = top.take("api_version", int)
    if api_version != API_VERSION:
        raise IncompatibleVersion(
            f"{file}: {plugin_id} is built for api_version {api_version}, this host has {API_VERSION}",
            remedy="install a version of the plugin made for this host",
        )
    needs = _needs(top)
    entry, is_python, is_there = _entry(top, folder, may_be_absent=bool(needs.libraries))
    manifest = PluginManifest(
        id=plugin_id,
        name=top.take("name", str),
        version=top.text("version", r"\d{1,5}\.\d{1,5}\.\d{1,5}", "three numbers like 1.0.0"),
        folder=folder,
        entry=entry,
        is_python=is_python,
        capabilities=_capabilities(top, plugin_id),
        licence=top.take("licence", str, ""),
        homepage=top.take("homepage", str, ""),
        description=top.take("description", str, ""),
        rights=_rights(top),
        group=top.take("group", str, ""),
        protective=top.take("protective", bool, False),
        needs=needs,
        is_there=is_there,
    )
    top.finish()
    return manifest


def _document(file: Path) -> dict[str, object]:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_MANIFEST_BYTES + 1)
        if len(data) > MAX_MANIFEST_BYTES:
            raise ManifestError(f"{file}: larger than {MAX_MANIFEST_BYTES} bytes", remedy="no manifest needs that much")
        return tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise ManifestError(f"{file}: {error.strerror}", remedy="every plugin folder needs a plugin.toml") from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"{file}: not UTF-8 at byte {error.start}", remedy="save it as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ManifestError(f"{file}: not TOML: {error}", remedy="mend that line") from error


def _entry(top: Table, folder: Path, *, may_be_absent: bool) -> tuple[Path, bool, bool]:
    """The file, whether it holds Python, and whether it is there."""
    if top.has("library") == top.has("module"):
        raise top.wrong("library", "or module: exactly one of them must be there", "library for C, module for Python")
    key = "module" if top.has("module") else "library"
    name = top.take(key, str)
    try:
        inside = (folder / name).resolve().is_relative_to(folder.resolve())
        there = (folder / name).is_file()
    except (OSError, ValueError, RuntimeError) as error:
        raise top.wrong(key, f"= {name!r} cannot be looked up: {error}") from error
    if not inside or not name:
        raise top.wrong(key, f"= {name!r} leads out of the plugin's folder", "put the file beside plugin.toml")
    if not there and not may_be_absent:
        raise top.wrong(key, f"= {name!r}: no such file", "build the plugin, or reinstall it")
    return folder / name, key == "module", there


def _needs(top: Table) -> Needs:
    """From the table for the build of the shipped plugins; what else it holds is checked for typos only."""
    build = top.table("build")
    needs = Needs(build.texts("pkg_config"), build.texts("packages"))
    for key in ("libraries", "cflags"):
        build.texts(key)
    build.finish()
    return needs


def _rights(top: Table) -> frozenset[Right]:
    rights = top.texts("rights")
    for right in rights:
        if right not in tuple(Right):
            raise top.wrong("rights", f"has an unknown right {right!r}", f"known are {', '.join(Right)}")
    return frozenset(map(Right, rights))


def _capabilities(top: Table, plugin_id: PluginId) -> tuple[CapabilityManifest, ...]:
    tables = top.tables("capabilities")
    if not 1 <= len(tables) <= MAX_CAPABILITIES:
        raise top.wrong("capabilities", f"has {len(tables)} entries", f"1 to {MAX_CAPABILITIES} are possible")
    found: dict[tuple[CapabilityKind, TypeId], CapabilityManifest] = {}
    for table in tables:
        capability = _capability(table, plugin_id)
        identity = (capability.kind, capability.type_id)
        if identity in found:
            raise table.wrong("type_id", f"= {capability.type_id!r} stands twice for this kind", "rename one of them")
        found[identity] = capability
    return tuple(found.values())


def _capability(table: Table, plugin_id: PluginId) -> CapabilityManifest:
    words = [kind.word for kind in CapabilityKind]
    word = table.take("kind", str)
    if word not in words:
        raise table.wrong("kind", f"= {word!r} is unknown", f"known are {', '.join(words)}")
    kind = CapabilityKind.from_word(word)
    type_id = TypeId(table.text("type_id", r"[a-z0-9._-]{1,64}", "1 to 64 of a-z 0-9 . _ -"))
    schema = _schema(table, "config_schema")
    default = _json(table, "default_config")
    if not isinstance(default, dict):
        raise table.wrong("default_config", "must be a JSON object")
    try:
        check_config(f"{plugin_id} ({type_id})", schema, default)
    except ConfigRejected as error:
        raise table.wrong("default_config", f"does not fit config_schema: {error.message}") from error
    capability = CapabilityManifest(
        kind=kind,
        type_id=type_id,
        name=table.take("name", str, str(type_id)),
        config_schema=schema,
        default_config=default,
        scores=_scores(table) if kind is CapabilityKind.DECODER else (),
        target_schema=_schema(table, "target_schema")
        if kind is CapabilityKind.OUTPUT_SINK and table.has("target_schema")
        else None,
        schemes=_schemes(table) if kind is CapabilityKind.SOURCE_CATALOG else (),
    )
    table.finish()
    return capability


def _json(table: Table, key: str) -> Json:
    try:
        return parse_json(table.take(key, str))
    except ValueError as error:
        raise table.wrong(key, f"is {error}") from error


def _schema(table: Table, key: str) -> JsonObject:
    try:
        return check_schema(_json(table, key), key)
    except ValueError as error:
        raise table.wrong(key, f"cannot be used: {error}") from error


def _schemes(table: Table) -> tuple[str, ...]:
    schemes = table.texts("schemes")
    for scheme in schemes:
        if not _SCHEME.fullmatch(scheme) or scheme in TAKEN_SCHEMES:
            taken = ", ".join(TAKEN_SCHEMES)
            raise table.wrong("schemes", f"has {scheme!r}", f"a scheme is lowercase, such as http, and none of {taken}")
    return tuple(dict.fromkeys(schemes))


def _scores(table: Table) -> tuple[tuple[str, int], ...]:
    extensions = table.table("extensions")
    scores = extensions.numbers()
    for extension, score in scores.items():
        if extension != "*" and (extension != extension.lower() or extension.startswith(".") or not extension):
            raise extensions.wrong(repr(extension), "must be lowercase without dot, or *")
        if not 0 <= score <= MAX_SCORE:
            raise extensions.wrong(extension, f"= {score} is out of range", f"scores go from 0 (never) to {MAX_SCORE}")
    return tuple(sorted(scores.items()))
