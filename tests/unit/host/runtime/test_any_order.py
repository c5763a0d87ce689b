"""The runtime under orders in any order: loads, creates, calls, renewals, unloads, deaths, as hypothesis finds them.

Two books are kept and compared: the host's, and that of each worker, which knows what lives in it and in calls.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from signal import SIGSEGV
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from abi.wire import CreateInstance, DestroyInstance, Packet, Ping, Pong, Shutdown
from host.errors import Misuse, WorkerLost
from host.events import GenerationChanged, WorkerExited
from host.runtime import Instance, Phase
from host.supervise import Rules
from host.worker import ExitStatus
from tests.unit.host.runtime.rig import LIMITS, LONG_S, Rig
from tests.unit.host.runtime.workers import GAIN, MANIFEST, Workers, obey
from tests.unit.host.worker.peer import Peer

T = TypeVar("T")
#: Nothing that is drawn, nor whether, may depend on what the machine was quick enough to have done by then.
MANY = st.integers(0, 7)
TRUSTING = Rules(delays_s=(0.0,), jitter=0.0, row=1 << 30)


class Book:
    """What a worker knows of itself."""

    def __init__(self) -> None:
        self.live: set[int] = set()
        self.in_call: set[int] = set()
        self.told_to_end_with: tuple[int, int] | None = None


class Orders(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.books: dict[Peer, Book] = {}
        self.held: list[tuple[Peer, Packet]] = []
        self.instances: list[Instance] = []
        self.calls: list[tuple[Instance, asyncio.Future[Pong]]] = []
        self.rig = self.run(self.start())

    def run(self, work: Coroutine[None, None, T]) -> T:
        return self.runner.run(asyncio.wait_for(work, LONG_S))

    async def start(self) -> Rig:
        return Rig(Path(self.folder.name), Workers(self.answer), LIMITS, MANIFEST, TRUSTING)

    def answer(self, peer: Peer, packet: Packet) -> None:
        book = self.books.setdefault(peer, Book())
        match packet.message:
            case CreateInstance() as create:
                book.live.add(create.instance)
            case DestroyInstance() as destroy:
                assert destroy.instance in book.live, "destroyed twice, or never made"
                assert destroy.instance not in book.in_call, "destroyed in the middle of a call"
                book.live.discard(destroy.instance)
            case Ping():
                self.held.append((peer, packet))
                return
            case Shutdown():
                book.told_to_end_with = (len(book.live), sum(peer is held for held, _ in self.held))
        obey(peer, packet)

    async def settled(self) -> None:
        """Everybody had many turns."""
        for _ in range(20):
            await asyncio.sleep(0)

    @rule()
    def load(self) -> None:
        self.run(self.rig.runtime.load(GAIN))

    @rule()
    def create(self) -> None:
        instance = self.run(self.rig.create())
        active = [one.generation for one in self.rig.runtime.list() if one.state is Phase.ACTIVE]
        assert [instance.generation] == active, "only the active generation has new instances"
        self.instances.append(instance)

    @rule(count=st.integers(1, 3))
    def renew_while_others_create(self, count: int) -> None:
        async def both() -> list[Instance]:
            creating = [asyncio.ensure_future(self.rig.create()) for _ in range(count)]
            renewal = await self.rig.runtime.renew(GAIN)
            assert renewal.old is None or renewal.new > renewal.old
            return [await each for each in creating]

        self.instances += self.run(both())

    @rule(which=MANY)
    def call(self, which: int) -> None:
        if not self.instances:
            return
        instance = self.instances[which % len(self.instances)]

        async def begin() -> None:
            call = asyncio.ensure_future(instance.request(Ping(), LONG_S))
            self.calls.append((instance, call))
            await self.settled()

        self.run(begin())

    @rule()
    def reply(self) -> None:
        async def work() -> None:
            if not self.held:
                return
            peer, packet = self.held.pop(0)
            with suppress(OSError):  # it is dead
                peer.reply(packet, Pong())
            await self.settled()

        self.run(work())

    @rule(which=MANY)
    def destroy(self, which: int) -> None:
        async def work() -> None:
            if self.instances:
                self.instances.pop(which % len(self.instances)).destroy_soon()
            await self.settled()

        self.run(work())

    @rule()
    def unload(self) -> None:
        self.run(self.rig.runtime.unload(GAIN, wait=False))

    @rule(which=MANY)
    def die(self, which: int) -> None:
        present = [one.generation for one in self.rig.runtime.list()]
        if not present:
            return
        number = present[which % len(present)]

        async def work() -> None:
            peer = next(peer for peer in self.rig.workers.peers if peer.generation == number)
            peer.process.end(ExitStatus(signal=SIGSEGV))
            async with asyncio.timeout(LONG_S):
                while number in [one.generation for one in self.rig.runtime.list()]:
                    await asyncio.sleep(0)
            self.held = [(of, packet) for of, packet in self.held if of is not peer]

        self.run(work())

    @invariant()
    def a_worker_was_asked_to_end_only_when_it_was_empty(self) -> None:
        for book in self.books.values():
            assert book.told_to_end_with in (None, (0, 0)), "asked to end with instances or calls in it"

    @invariant()
    def at_most_one_generation_is_active_and_it_is_the_newest(self) -> None:
        present = self.rig.runtime.list()
        assert sum(one.state is Phase.ACTIVE for one in present) <= 1
        numbers = [one.generation for one in present]
        assert numbers == sorted(set(numbers))
        assert all(one.state is Phase.DRAINING for one in present[:-1])

    @invariant()
    def host_and_workers_count_the_same(self) -> None:
        books = {peer.generation: book for peer, book in self.books.items()}
        for one in self.rig.runtime.list():
            book = books.get(one.generation)
            if book is not None and not one.inflight:
                assert one.live_instances == len(book.live)

    def teardown(self) -> None:
        async def end() -> None:
            await self.rig.runtime.close()
            for _, call in self.calls:
                with suppress(WorkerLost, Misuse):
                    assert await call == Pong()
            assert all(call.done() for _, call in self.calls)

        self.run(end())
        assert self.rig.runtime.list() == ()
        assert self.rig.runtime.instances() == ()
        assert all(peer.process.reaped == 1 for peer in self.rig.workers.peers)
        history = self.rig.history()
        exits = [fact for fact in history if isinstance(fact, WorkerExited)]
        assert len(exits) == len(self.rig.workers.peers)
        finals = [fact for fact in history if isinstance(fact, GenerationChanged) and fact.state in ("retired", "lost")]
        assert sorted(fact.generation for fact in finals) == list(range(1, len(exits) + 1))
        retired = {fact.generation for fact in finals if fact.state == "retired"}
        assert retired == {fact.generation for fact in exits if fact.expected}
        self.runner.close()
        self.folder.cleanup()


TestOrders = Orders.TestCase
TestOrders.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
