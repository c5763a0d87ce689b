"""Real plugins that ask and listen, in a host without a player: every request is answered, and answered once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from abi.kinds import CapabilityKind
from host.app.plugin_requests import PluginRequests
from host.events import EventBus, HostEventsMissed, PlaybackEnded, PluginAnswered, PluginEmitted, Subscription, Topic
from host.ids import Generation, TypeId
from host.packages import PluginManifest
from host.runtime import Instance, PluginRuntime
from host.settings import Settings
from tests.support.c_plugins import build_plugin
from tests.support.patient import PATIENT

LONG_S = 60.0
STATUS = {"control": "player", "command": "status"}
SUBSCRIBE = {"control": "subscribe", "topics": ["player.playback_ended"]}
FLOOD = 20_000


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> PluginManifest:
    return build_plugin("listener", tmp_path_factory.mktemp("listener"))


class House:
    """A runtime, the room that answers, and all that was said."""

    def __init__(self, manifest: PluginManifest, state_dir: Path) -> None:
        self.bus = EventBus()
        self.facts: Subscription[Topic] = self.bus.subscribe(
            PluginAnswered, PluginEmitted, HostEventsMissed, capacity=10 * FLOOD
        )
        self.manifest = manifest
        self.runtime = PluginRuntime({manifest.id: manifest}, self.bus, Settings(limits=PATIENT), state_dir=state_dir)
        self.room = PluginRequests(self.bus, self.runtime.requests, lambda: None, lambda: None, LONG_S)
        self.answers: Counter[tuple[Generation, int]] = Counter()
        self.missed = 0

    async def create(self, config: dict[str, Any]) -> Instance:
        kind, type_id = CapabilityKind.DSP, TypeId("listener")
        return await self.runtime.create(self.manifest.id, kind, type_id, config, rate=48_000, channels=2)

    async def emitted(self, name: str) -> Any:  # noqa: ANN401  whatever JSON it is
        """What a listener emits next under a name."""
        while True:
            fact = await self.next()
            if isinstance(fact, PluginEmitted) and isinstance(fact.value, dict) and name in fact.value:
                return fact.value if name == "flooded" else fact.value[name]

    async def next(self) -> Topic:
        """The next fact, counted."""
        async with asyncio.timeout(LONG_S):
            fact = await anext(self.facts)
        if isinstance(fact, PluginAnswered):
            self.answers[fact.generation, fact.number] += 1
        elif isinstance(fact, HostEventsMissed):
            self.missed += fact.count
        return fact


def run(manifest: PluginManifest, state_dir: Path, body: Callable[[House], Awaitable[None]]) -> None:
    async def whole() -> None:
        house = House(manifest, state_dir)
        try:
            await body(house)
        finally:
            await house.room.close()
            await house.runtime.close()

    asyncio.run(whole())


def test_every_request_of_a_flood_is_answered_once(manifest: PluginManifest, tmp_path: Path) -> None:
    async def body(house: House) -> None:
        flooding = await house.create({"ask": [STATUS], "flood": FLOOD})
        flooded = await house.emitted("flooded")
        taken = 1 + flooded["flooded"]
        assert taken + flooded["refused"] == 1 + FLOOD
        while len(house.answers) < taken:
            await house.next()
        assert set(house.answers.values()) == {1}
        assert flooding.alive
        await flooding.destroy()

    run(manifest, tmp_path, body)


def test_a_new_generation_must_subscribe_again(manifest: PluginManifest, tmp_path: Path) -> None:
    async def body(house: House) -> None:
        first = await house.create({"ask": [SUBSCRIBE]})
        assert (await house.emitted("heard"))["result"] == {"topics": SUBSCRIBE["topics"]}
        house.bus.publish(PlaybackEnded(1, 1, 0))
        assert (await house.emitted("heard"))["position"] == 1
        await house.runtime.renew(house.manifest.id)
        second = await house.create({"ask": [STATUS]})
        assert "playing" in (await house.emitted("heard"))["result"]
        await first.destroy()
        house.bus.publish(PlaybackEnded(2, 1, 0))
        third = await house.create({"ask": [SUBSCRIBE]})
        assert (await house.emitted("heard"))["request"] == 2, "and nothing of the end before it"
        house.bus.publish(PlaybackEnded(3, 1, 0))
        assert (await house.emitted("heard"))["position"] == 3
        for instance in (second, third):
            await instance.destroy()

    run(manifest, tmp_path, body)


def test_a_deaf_plugin_misses_events_and_is_told_when_it_listens(manifest: PluginManifest, tmp_path: Path) -> None:
    async def body(house: House) -> None:
        deaf = await house.create({"ask": [SUBSCRIBE], "deaf": True})
        await house.emitted("asked")
        requests, count, kept = house.runtime.requests, 500, 64
        for number in range(count):
            house.bus.publish(PlaybackEnded(number, 1, 0))
            await asyncio.sleep(0)
            await requests.delivered(deaf.generation)
        lost = 1 + count - kept  # the answer among them
        while house.missed < lost:
            await house.next()
        await deaf.destroy()
        hearing = await house.create({})
        assert await house.emitted("heard") == {"type": "events.dropped", "count": lost}
        heard = [(await house.emitted("heard"))["position"] for _ in range(kept)]
        assert heard == [*range(count - kept, count)]
        await hearing.destroy()

    run(manifest, tmp_path, body)
