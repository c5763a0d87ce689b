"""Every kind of plugin, every way an update can go, and a fault or a refusal in every step: one outcome, told once.

What plays goes on to the very frame, whatever becomes of the update; who serves afterwards takes the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from host.capabilities import Candidate, Lyrics, Source
from host.events import ConfigUpdated
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.playback import Chain, Excerpt, Input, Output, Pacing, StageSpec
from host.runtime import Outcome, OutcomeKind
from host.settings import SavedConfig, SavedConfigs
from tests.faults.cell_kept import read_kept
from tests.faults.hosted import Hosted, hosted
from tests.support.faulty import Order, copy_id, copy_plugin
from tests.support.frames import make_frames, numbered_audio, with_state

SHIPPED, COPY, TYPE = PluginId("stellatune.fault"), PluginId(copy_id(1)), TypeId("fault")
RATE_HZ = 48_000
#: Nobody waits for its end.
FRAMES = 800_000_000
NAMES = {
    CapabilityKind.DECODER: "decoder",
    CapabilityKind.DSP: "effect",
    CapabilityKind.OUTPUT_SINK: "output",
    CapabilityKind.SOURCE_CATALOG: "source",
    CapabilityKind.LYRICS_PROVIDER: "lyrics",
}
STAGES = (CapabilityKind.DECODER, CapabilityKind.DSP, CapabilityKind.OUTPUT_SINK)
LOOK_S = 0.005
MOVED_FRAMES = 20_000


@dataclass(frozen=True)
class Case:
    """``plan``: how the new configuration wants to be taken; ``refuse``: the call that says no to it.

    ``dies_in``: the call in which the worker dies, by an order of the old or of the new configuration.
    """

    plan: str
    kind: OutcomeKind
    refuse: str = ""
    dies_in: str = ""
    reason: str = ""

    @property
    def ordered_before(self) -> bool:
        return self.dies_in in ("plan", "apply", "export")


APPLIED, RECREATED = OutcomeKind.APPLIED, OutcomeKind.RECREATED
REJECTED, FAILED = OutcomeKind.REJECTED, OutcomeKind.FAILED
CASES = {
    "apply": Case("apply", APPLIED),
    "recreate": Case("recreate", RECREATED),
    "reject": Case("reject", REJECTED),
    "plan fails": Case("apply", FAILED, refuse="plan"),
    "apply fails": Case("apply", FAILED, refuse="apply"),
    "create fails": Case("recreate", FAILED, refuse="create"),
    "export fails": Case("recreate", RECREATED, refuse="export", reason="its running state was not taken over"),
    "import fails": Case("recreate", RECREATED, refuse="import", reason="its running state was not taken over"),
    "dies in plan": Case("apply", FAILED, dies_in="plan"),
    "dies in apply": Case("apply", FAILED, dies_in="apply"),
    "dies in create": Case("recreate", FAILED, dies_in="create"),
    "dies in export": Case("recreate", FAILED, dies_in="export"),
    "dies in import": Case("recreate", FAILED, dies_in="import"),
}


#: A dsp also exports in checkpoints, and would die in the first of these; ``tests/faults`` strikes it there.
PAIRS = [
    pytest.param(kind, case, id=f"{name}-{kind.word}")
    for name, case in CASES.items()
    for kind in NAMES
    if (kind, case.dies_in) != (CapabilityKind.DSP, "export")
]


class Trial:
    """One host, and whatever is to be updated in it."""

    def __init__(self, host: Hosted, kind: CapabilityKind, place: Path, case: Case) -> None:
        self.host = host
        self.kind = kind
        self.kept = place / "kept"
        #: From there on the effect has no past.
        self.forgets_at: int | None = None
        self.case = case
        marks = place / "marks"
        marks.mkdir()
        #: In create it counts instances, and the first is the old one.
        at_call = 2 if case.dies_in == "create" else 1
        self.order = Order("segv", case.dies_in, marks, at_call) if case.dies_in else None
        bases: dict[CapabilityKind, JsonObject] = {
            CapabilityKind.DSP: {"state": True},
            CapabilityKind.OUTPUT_SINK: {"keep": str(self.kept)},
        }
        self._base: JsonObject = bases.get(kind, {})

    @property
    def old(self) -> JsonObject:
        """The configuration that it begins with."""
        order = self.order if self.case.ordered_before else None
        return self._base | ({"fault": order.json} if order is not None else {})

    def new(self, tag: str = "new") -> JsonObject:
        """The one that is asked for."""
        case, order = self.case, None if self.case.ordered_before else self.order
        wish: JsonObject = {"tag": tag, "plan": case.plan}
        if case.refuse:
            wish["refuse"] = case.refuse
        return self._base | wish | ({"fault": order.json} if order is not None else {})

    def plain(self) -> JsonObject:
        """One that nobody objects to."""
        return self._base | {"tag": "plain", "plan": "apply"}

    def spec(self, kind: CapabilityKind, default: JsonObject) -> StageSpec:
        """A stage: of the copy where it is the one to be updated."""
        mine = kind is self.kind
        return StageSpec(NAMES[kind], COPY if mine else SHIPPED, TYPE, self.old if mine else default)


@asynccontextmanager
async def playing(trial: Trial, place: Path) -> AsyncIterator[Callable[[JsonObject], Awaitable[Outcome]]]:
    """An endless playback through three stages, and how one of them is updated; compared when the block ends."""
    app = trial.host.app
    source = make_frames(place / "in.frames", FRAMES, RATE_HZ, 1)
    sink = trial.spec(CapabilityKind.OUTPUT_SINK, {"keep": str(trial.kept)})
    effect = trial.spec(CapabilityKind.DSP, {"state": True})
    chain = Chain((effect,), Output(sink, {}), Pacing.unpaced(app.settings.pipeline))
    candidate = Candidate(COPY if trial.kind is CapabilityKind.DECODER else SHIPPED, TYPE, 0)
    if trial.kind is CapabilityKind.DECODER:
        saved = SavedConfigs((SavedConfig(COPY, TYPE, trial.old),))
        app.settings = replace(app.settings, plugins=saved)
    player = app.player(chain, Excerpt(), candidate)
    task = asyncio.create_task(player.play((Input(source),)))

    async def moved(frames: int) -> None:
        wanted = None
        while True:
            now = player.now()
            assert not task.done(), task.exception() or str(task.result().tracks[0].failure)
            if now is not None:
                wanted = now.position + frames if wanted is None else wanted
                if now.position >= wanted:
                    return
            await asyncio.sleep(LOOK_S)

    async def update(config: JsonObject) -> Outcome:
        return await player.update(NAMES[trial.kind], config)

    try:
        await moved(MOVED_FRAMES)
        yield update
        await moved(MOVED_FRAMES)
        await moved(RATE_HZ)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    kept = read_kept(trial.kept, 1)
    assert kept.frames > MOVED_FRAMES and kept.lost == 0
    golden = with_state(numbered_audio(0, kept.frames, 1), 1)
    differing = kept.differing(golden)
    if trial.forgets_at is None:
        assert not len(differing)
    else:  # an effect that sums up all it ever heard, without what it heard before
        assert trial.forgets_at <= differing[0] < trial.forgets_at + 2


@asynccontextmanager
async def asking(trial: Trial) -> AsyncIterator[Callable[[JsonObject], Awaitable[Outcome]]]:
    """A query instance that is asked before and after; how it is updated."""
    app = trial.host.app
    saved = SavedConfigs((SavedConfig(COPY, TYPE, trial.old),))
    app.settings = replace(app.settings, plugins=saved)
    owner = app.query_owner(COPY, trial.kind, TYPE)

    async def ask() -> None:
        async with owner.use() as instance:
            if trial.kind is CapabilityKind.SOURCE_CATALOG:
                assert (await Source(instance).list_items({})).items
            else:
                assert await Lyrics(instance).search({"title": "fault"})

    await ask()
    yield owner.update
    await ask()


@pytest.mark.parametrize(("kind", "case"), PAIRS)
def test_one_outcome_and_the_right_one_serves(kind: CapabilityKind, case: Case, tmp_path: Path) -> None:
    async def body() -> None:
        plugins = [copy_plugin(tmp_path / "copy", number=1)]
        async with hosted(tmp_path / "host", plugins=plugins) as host:
            trial = Trial(host, kind, tmp_path, case)
            with host.app.bus.subscribe(ConfigUpdated) as facts:
                way = playing(trial, tmp_path) if kind in STAGES else asking(trial)
                async with way as update:
                    first = await update(trial.new())
                    if (kind, case.refuse) == (CapabilityKind.DSP, "import"):
                        trial.forgets_at = first.position
                    again = await update(trial.plain())
                told = [fact for fact in iter(facts.poll, None) if fact.status != "requires_recreate"]
            compare(trial, first, again)
            assert [(fact.status, fact.config_gen, fact.generation) for fact in told] == [
                (each.kind.value, each.config_gen, each.generation) for each in (first, again)
            ]
            assert {(fact.name, fact.plugin_id, fact.kind) for fact in told} == {(told[0].name, COPY, kind.word)}
            deaths = [death for death in host.witness.deaths if death.plugin_id == COPY]
            assert len(deaths) == (1 if case.dies_in else 0)
        if trial.order is not None:
            (mark,) = trial.order.fired()
            assert mark.phase == case.dies_in

    asyncio.run(body())
    (tmp_path / "kept").unlink(missing_ok=True)


def compare(trial: Trial, first: Outcome, again: Outcome) -> None:
    """What came of the update, and of the next one, which finds whoever serves by then."""
    case = trial.case
    changed = case.kind in (APPLIED, RECREATED)
    assert (first.kind, first.changed) == (case.kind, changed), first
    assert first.config_gen == (2 if changed else 1)
    if (trial.kind, case.refuse) != (CapabilityKind.DSP, "export"):  # the checkpoint before it was refused
        assert case.reason in first.reason
    assert case.kind in (APPLIED, RECREATED) or first.reason
    assert (again.kind, again.config_gen, again.changed) == (APPLIED, first.config_gen + 1, True), again
    assert again.generation >= first.generation


@dataclass(frozen=True)
class Shipped:
    """A shipped plugin that is asked questions; ``ways``: a configuration for each way it can be taken."""

    kind: CapabilityKind
    plugin_id: str
    type_id: str
    first: JsonObject
    ways: dict[OutcomeKind, JsonObject]


_SERVER: JsonObject = {"base_url": "http://127.0.0.1:9", "timeout_ms": 1000, "spacing_ms": 0, "rest_s": 1}
_FETCHED: JsonObject = {"urls": ["http://127.0.0.1:9/live.m3u A station"], "page_items": 10}
SHIPPED_ROWS = {
    "folder": Shipped(
        CapabilityKind.SOURCE_CATALOG,
        "stellatune.source.folder",
        "folder",
        {"root": "/"},
        {
            APPLIED: {"root": "/", "page_items": 7},
            RECREATED: {"root": "/usr", "page_items": 7},
            REJECTED: {"root": "/no/such/folder"},
        },
    ),
    "http": Shipped(
        CapabilityKind.SOURCE_CATALOG,
        "stellatune.source.http",
        "http",
        _FETCHED,
        {
            APPLIED: _FETCHED | {"stall_timeout_ms": 500},
            RECREATED: _FETCHED | {"stall_timeout_ms": 500, "user_agent": "Another/1"},
            REJECTED: _FETCHED | {"urls": ["ftp://nowhere/"]},
        },
    ),
    "sidecar": Shipped(
        CapabilityKind.LYRICS_PROVIDER,
        "stellatune.lyrics.sidecar",
        "sidecar",
        {"extensions": ["lrc"], "root": ""},
        {APPLIED: {"extensions": ["txt"], "root": "/"}, REJECTED: {"extensions": ["a.b"], "root": ""}},
    ),
    "lrclib": Shipped(
        CapabilityKind.LYRICS_PROVIDER,
        "stellatune.lyrics.lrclib",
        "lrclib",
        _SERVER,
        {
            APPLIED: _SERVER | {"rest_s": 2},
            RECREATED: _SERVER | {"base_url": "http://127.0.0.1:10", "rest_s": 2},
            REJECTED: _SERVER | {"base_url": "gopher://nowhere"},
        },
    ),
}


@pytest.mark.parametrize("name", SHIPPED_ROWS)
def test_shipped_plugins_that_are_asked_take_configurations_by_the_same_rules(name: str, tmp_path: Path) -> None:
    row = SHIPPED_ROWS[name]

    async def body() -> None:
        plugin, type_id = PluginId(row.plugin_id), TypeId(row.type_id)
        async with hosted(tmp_path / "host") as host:
            if plugin not in host.app.discovery.plugins or host.app.discovery.plugins[plugin].not_built():
                pytest.skip(f"{plugin} is not built")
            host.app.settings = replace(
                host.app.settings, plugins=SavedConfigs((SavedConfig(plugin, type_id, row.first),))
            )
            owner = host.app.query_owner(plugin, row.kind, type_id)
            config_gen = 1
            with host.app.bus.subscribe(ConfigUpdated) as facts:
                for kind, config in row.ways.items():
                    async with owner.use() as before:
                        pass
                    outcome = await owner.update(config)
                    async with owner.use() as after:
                        pass
                    config_gen += outcome.changed
                    assert (outcome.kind, outcome.config_gen) == (kind, config_gen), outcome
                    assert (after is before) == (kind is not RECREATED)
                    assert owner.config == (config if outcome.changed else owner.config)
                told = [fact.status for fact in iter(facts.poll, None) if fact.status != "requires_recreate"]
            assert told == [kind.value for kind in row.ways]
            assert host.witness.deaths == []

    asyncio.run(body())
