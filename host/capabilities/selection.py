"""Which decoders to try for a file, in which order. Pure: names and scores in, candidates out; nothing is opened."""

from __future__ import annotations

from collections.abc import Iterable

from abi.kinds import CapabilityKind
from host.ids import PluginId, TypeId
from host.packages import PluginManifest
from host.records import record

__all__ = ["Candidate", "known_extensions", "select_decoders"]


@record
class Candidate:
    """One decoder type to try. `score` is 0 where no rule spoke and every decoder is tried."""

    plugin_id: PluginId
    type_id: TypeId
    score: int


def _score(scores: dict[str, int], extension: str) -> int | None:
    """The exact rule, else the wildcard, else nothing. The exact one counts also when it is lower."""
    return scores.get(extension, scores.get("*")) if extension else None


def select_decoders(plugins: Iterable[PluginManifest], extension: str) -> tuple[Candidate, ...]:
    """Best score first, ties by plugin id, then type id; each is tried until one opens the file.

    A score of 0 drops a decoder. Where no rule gives a score, all others are candidates, in order of ids.
    """
    extension = extension.lower().removeprefix(".")
    ruled = [
        (plugin.id, capability.type_id, _score(dict(capability.scores), extension))
        for plugin in plugins
        for capability in plugin.capabilities
        if capability.kind is CapabilityKind.DECODER
    ]
    scored = [Candidate(plugin_id, type_id, score) for plugin_id, type_id, score in ruled if score]
    silent = [Candidate(plugin_id, type_id, 0) for plugin_id, type_id, score in ruled if score is None]
    return tuple(sorted(scored or silent, key=lambda each: (-each.score, each.plugin_id, each.type_id)))


def known_extensions(plugins: Iterable[PluginManifest]) -> tuple[str, ...]:
    """Every extension that some decoder has an exact rule for, sorted."""
    return tuple(
        sorted(
            {
                extension
                for plugin in plugins
                for capability in plugin.capabilities
                for extension, score in capability.scores
                if extension != "*" and score > 0
            }
        )
    )
