"""Sources and lyrics providers in real workers: one call at a time, cancelled when nobody waits, kept for the next."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from abi.kinds import CapabilityKind
from host.capabilities import ItemKind, Lyrics, OpenedStream, Page, QueryCache, Source
from host.errors import ConcurrentCall, Misuse, ProtocolViolated, RequestTimeout, WorkerLost
from host.events import EventBus
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.packages import discover
from host.runtime import Instance, Phase, PluginRuntime
from host.settings import Limits, Settings
from tests.support.c_plugins import build_plugin
from tests.support.patient import PATIENT

TURNSTILE = PluginId("test.turnstile")
TYPE = TypeId("turnstile")
SOURCE, LYRICS = CapabilityKind.SOURCE_CATALOG, CapabilityKind.LYRICS_PROVIDER
ROUNDS = 1000
IDLE_S = 60.0


@dataclass
class Bench:
    """A runtime with the turnstile, the host's ends of its FIFOs, and a cache whose clock the test turns."""

    runtime: PluginRuntime
    cache: QueryCache
    config: JsonObject
    entered: int
    leave: int
    now_s: float = 0.0

    async def make(self, kind: CapabilityKind = SOURCE) -> Instance:
        return await self.runtime.create(TURNSTILE, kind, TYPE, self.config)

    async def inside(self) -> None:
        """Somebody has come into a call that does not end by itself."""
        await asyncio.to_thread(os.read, self.entered, 1)

    def let_out(self) -> None:
        os.write(self.leave, b"x")

    async def used(self, config: JsonObject | None = None) -> Instance:
        """The instance that a question found."""
        async with self.cache.use(TURNSTILE, SOURCE, TYPE, self.config if config is None else config) as instance:
            await Source(instance).list_items({})
            return instance


@asynccontextmanager
async def bench(folder: Path, limits: Limits = PATIENT) -> AsyncIterator[Bench]:
    plugin = build_plugin("turnstile", folder)
    fifos = {name: folder / name for name in ("enter", "leave")}
    for path in fifos.values():
        os.mkfifo(path)
    entered, leave = (os.open(path, os.O_RDWR | os.O_CLOEXEC) for path in fifos.values())
    bus = EventBus()
    runtime = PluginRuntime(
        discover((plugin.folder,)).plugins, bus, Settings(limits=limits), state_dir=folder / "state"
    )
    config: JsonObject = {name: str(path) for name, path in fifos.items()}
    cache = QueryCache(runtime, bus, clock=lambda: made.now_s, idle_s=IDLE_S, most_per_plugin=2)
    made = Bench(runtime, cache, config, entered, leave)
    try:
        yield made
    finally:
        await cache.close()
        await runtime.close()
        os.close(entered)
        os.close(leave)


def run(body: Coroutine[None, None, None]) -> None:
    asyncio.run(body)


def counted(page: Page) -> tuple[int, int]:
    """How often the instance was entered, and the most that were inside at once, as it says itself."""
    entries, most = page.items
    assert (entries.id, most.id, entries.kind) == ("entries", "most", ItemKind.TRACK)
    return int(entries.title), int(most.title)


def test_a_second_client_is_refused_each_time_and_never_reaches_the_plugin(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path) as at:
            instance = await at.make()
            first, second = Source(instance), Source(instance)
            refused = 0
            for _ in range(ROUNDS):
                asking = asyncio.create_task(first.list_items({"do": "wait"}))
                await at.inside()
                try:
                    await second.list_items({})
                except ConcurrentCall:
                    refused += 1
                at.let_out()
                await asking
            assert refused == ROUNDS
            assert counted(await second.list_items({})) == (ROUNDS + 1, 1)
            assert at.runtime.list()[0].concurrent_calls == ROUNDS

    run(body())


def test_two_that_hammer_are_served_or_refused_and_never_meet(tmp_path: Path) -> None:
    async def client(source: Source) -> tuple[int, int]:
        served = refused = 0
        for _ in range(ROUNDS):
            try:
                await source.list_items({})
                served += 1
            except ConcurrentCall:
                refused += 1
                await asyncio.sleep(0)
        return served, refused

    async def body() -> None:
        async with bench(tmp_path) as at:
            instance = await at.make()
            both = await asyncio.gather(client(Source(instance)), client(Source(instance)))
            served, refused = (sum(each) for each in zip(*both, strict=True))
            assert served + refused == 2 * ROUNDS
            assert served > 0 and refused > 0
            assert counted(await Source(instance).list_items({})) == (served + 1, 1)
            assert at.runtime.list()[0].concurrent_calls == refused

    run(body())


def test_lyrics_are_searched_and_fetched(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path) as at:
            lyrics = Lyrics(await at.make(LYRICS))
            (candidate,) = await lyrics.search({"title": "x"})
            assert candidate == {"entries": 1, "most": 1}
            words = await lyrics.fetch(candidate)
            assert (words.text, words.timed) == ("2 entries, 1 at most", False)

    run(body())


def test_a_stream_is_a_path_or_the_instance_s_own_and_then_the_only_one(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path) as at:
            source = Source(await at.make())
            stream = await source.open_stream({"do": "serve"})
            assert stream == OpenedStream({"path": "/streams/1"}, seeks=False, size_bytes=None)
            with pytest.raises(Misuse, match="a stream open already"):
                await source.open_stream({"do": "serve"})
            await source.close_stream()
            await source.close_stream()
            assert await source.open_stream({}) == Path("/streams/0"), "the one that was opened was closed"
            with pytest.raises(ProtocolViolated, match="absolute path"):
                await source.open_stream({"do": "wander"})
            assert counted(await source.list_items({}))[0] == 4

    run(body())


def test_at_the_limit_the_plugin_gives_up_and_lives(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path, replace(PATIENT, lyrics_ms=100)) as at:
            lyrics = Lyrics(await at.make(LYRICS))
            pid = lyrics.instance.pid
            with pytest.raises(RequestTimeout, match="it was cancelled"):
                await lyrics.search({"do": "until cancelled"})
            await at.inside()
            (candidate,) = await lyrics.search({})
            assert candidate == {"entries": 2, "most": 1}
            assert lyrics.instance.pid == pid

    run(body())


def test_a_client_that_leaves_has_its_call_cancelled(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path) as at:
            lyrics = Lyrics(await at.make(LYRICS))
            asking = asyncio.create_task(lyrics.search({"do": "until cancelled"}))
            await at.inside()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            async with asyncio.timeout(30):
                while at.runtime.list()[0].inflight:
                    await asyncio.sleep(0.002)
            assert await lyrics.search({}) == ({"entries": 2, "most": 1},)

    run(body())


def test_who_never_comes_back_is_killed(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path, replace(PATIENT, source_ms=100, cancel_ms=100)) as at:
            instance = await at.make()
            with pytest.raises(RequestTimeout, match="in list_items of instance 1"):
                await Source(instance).list_items({"do": "never"})
            assert await instance.worker.wait_exit(30) is not None
            assert not instance.alive

    run(body())


def test_the_same_question_finds_its_instance_again(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path) as at:
            first = await at.used()
            assert await at.used() is first
            other = await at.used({"name": "other"})
            assert other is not first
            assert at.runtime.list()[0].live_instances == len(at.cache) == 2
            third = await at.used({"name": "third"})
            assert len(at.cache) == 2, "no more than that are kept: the one that was used least lately went"
            assert (first.alive, other.alive, third.alive) == (False, True, True)

    run(body())


def test_who_is_used_is_not_let_go_and_too_many_are_refused(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path) as at:
            use = at.cache.use
            async with use(TURNSTILE, SOURCE, TYPE, {}) as first, use(TURNSTILE, LYRICS, TYPE, {}) as second:
                at.now_s = 2 * IDLE_S
                at.cache.look()
                assert first.alive and second.alive
                with pytest.raises(Misuse, match="2 instances are in use"):
                    await at.used({"name": "third"})
            assert (await at.used({"name": "third"})).alive

    run(body())


def test_what_nobody_asks_for_a_while_goes(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path) as at:
            first = await at.used()
            lives: list[bool] = []
            for at.now_s in (0, IDLE_S - 1, IDLE_S):
                at.cache.look()
                lives.append(first.alive)
            assert lives == [True, True, False]
            assert await at.used() is not first

    run(body())


def test_a_superseded_generation_is_let_go(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path) as at:
            first = await at.used()
            async with at.cache.use(TURNSTILE, SOURCE, TYPE, at.config) as busy:
                assert busy is first
                await at.runtime.renew(TURNSTILE)
                fresh = await at.used()
                assert fresh.generation > first.generation
                assert (await Source(busy).list_items({})).items, "it serves on as long as somebody uses it"
            async with asyncio.timeout(30):
                while [one.state for one in at.runtime.list()] != [Phase.ACTIVE]:
                    await asyncio.sleep(0.002)
            assert not first.alive
            assert await at.used() is fresh
            await at.runtime.unload(TURNSTILE)
            assert len(at.cache) == 0

    run(body())


def test_a_dead_worker_s_instance_is_made_anew(tmp_path: Path) -> None:
    async def body() -> None:
        async with bench(tmp_path) as at:
            first = await at.used()
            with pytest.raises(WorkerLost):
                async with at.cache.use(TURNSTILE, SOURCE, TYPE, at.config) as instance:
                    asking = asyncio.create_task(Source(instance).list_items({"do": "wait"}))
                    await at.inside()
                    os.kill(instance.pid, 9)
                    await asking
            again = await at.used()
            assert again.generation > first.generation
            assert len(at.cache) == 1

    run(body())
