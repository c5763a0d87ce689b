"""Selection of decoders: scores, wildcards, ties, and what happens where no rule speaks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abi.kinds import CapabilityKind
from host.capabilities.selection import Candidate, known_extensions, select_decoders
from host.ids import PluginId, TypeId
from host.packages import CapabilityManifest, PluginManifest

Scores = dict[str, int]
DECODER = CapabilityKind.DECODER


def plugin(plugin_id: str, *decoders: tuple[str, Scores], kind: CapabilityKind = DECODER) -> PluginManifest:
    return PluginManifest(
        id=PluginId(plugin_id),
        name=plugin_id,
        version="1.0.0",
        folder=Path(),
        entry=Path("x.so"),
        is_python=False,
        capabilities=tuple(
            CapabilityManifest(kind, TypeId(type_id), type_id, {}, {}, tuple(sorted(scores.items())))
            for type_id, scores in decoders
        ),
    )


PLUGINS = [
    plugin("z.flac", ("flac", {"flac": 100})),
    plugin("b.any", ("any", {"*": 10, "mp3": 5, "wav": 0})),
    plugin("a.many", ("two", {"mp3": 50, "flac": 100}), ("one", {"flac": 100})),
    plugin("c.mute", ("mute", {})),
    plugin("a.gain", ("gain", {}), kind=CapabilityKind.DSP),
]


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        ("flac", ["a.many/one/100", "a.many/two/100", "z.flac/flac/100", "b.any/any/10"]),
        ("FLAC", ["a.many/one/100", "a.many/two/100", "z.flac/flac/100", "b.any/any/10"]),
        (".mp3", ["a.many/two/50", "b.any/any/5"]),
        ("xyz", ["b.any/any/10"]),
        ("wav", ["a.many/one/0", "a.many/two/0", "c.mute/mute/0", "z.flac/flac/0"]),
        ("", ["a.many/one/0", "a.many/two/0", "b.any/any/0", "c.mute/mute/0", "z.flac/flac/0"]),
    ],
)
def test_order(extension: str, expected: list[str]) -> None:
    chosen = select_decoders(PLUGINS, extension)
    assert [f"{each.plugin_id}/{each.type_id}/{each.score}" for each in chosen] == expected


def test_no_decoder_at_all() -> None:
    assert select_decoders([PLUGINS[-1]], "flac") == ()


def test_known_extensions_have_a_rule_of_their_own() -> None:
    assert known_extensions(PLUGINS) == ("flac", "mp3")


rules = st.dictionaries(st.sampled_from(["flac", "mp3", "*"]), st.integers(0, 3))


@given(st.lists(rules, max_size=6), st.sampled_from(["flac", "mp3", "ogg", ""]))
def test_it_is_a_sorted_choice_whatever_the_order(tables: list[Scores], extension: str) -> None:
    plugins = [plugin(f"x.p{number}", ("t", scores)) for number, scores in enumerate(tables)]
    chosen = select_decoders(plugins, extension)
    assert chosen == select_decoders(reversed(plugins), extension)
    assert len(set(chosen)) == len(chosen) <= len(plugins)
    assert [each.score for each in chosen] == sorted((each.score for each in chosen), reverse=True)
    best = max((table.get(extension, table.get("*", 0)) for table in tables), default=0) if extension else 0
    if best:
        assert chosen[0].score == best
    assert all(isinstance(each, Candidate) for each in chosen)
