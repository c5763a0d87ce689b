"""Facts go up: a publisher hands one on and never waits. Each subscriber has a bounded queue that drops its oldest.

Everything here belongs to the event loop's thread.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

from host.events.topics import Topic

__all__ = ["EventBus", "Subscription"]

T_co = TypeVar("T_co", bound=Topic, covariant=True)

_DEFAULT_CAPACITY = 256


class Subscription(Generic[T_co]):
    """What a subscriber has not yet read; an async iterator that ends when the subscription is closed.

    One task reads it. Cancelling that task while it waits loses no fact.
    """

    def __init__(self, bus: EventBus, types: tuple[type[T_co], ...], capacity: int) -> None:
        self.types = types
        #: Facts that found no room since the subscription began.
        self.dropped = 0
        self._bus = bus
        self._capacity = capacity
        self._queue: deque[T_co] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._closed = False

    def __enter__(self) -> Subscription[T_co]:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __aiter__(self) -> Subscription[T_co]:
        return self

    async def __anext__(self) -> T_co:
        while not self._queue:
            if self._closed:
                raise StopAsyncIteration
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        return self._queue.popleft()

    def poll(self) -> T_co | None:
        """The next fact if one is there; never waits."""
        return self._queue.popleft() if self._queue else None

    def close(self) -> None:
        """Ends the subscription; what is queued can still be read."""
        if not self._closed:
            self._closed = True
            self._bus.forget(self)
            self._ring()

    def put(self, fact: Topic) -> None:
        """For the bus: queues a fact, at the price of the oldest when there is no room."""
        if len(self._queue) >= self._capacity:
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(fact)  # type: ignore[arg-type]  # the bus routes by `types`
        self._ring()

    def _ring(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


class EventBus:
    """Hands every fact to the subscriptions of its type or of a base of it."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription[Topic]] = []
        self._routes: dict[type[Topic], tuple[Subscription[Topic], ...]] = {}
        self._interests: dict[type[Topic], Callable[[bool], None]] = {}

    def on_interest(self, topic: type[Topic], told: Callable[[bool], None]) -> None:
        """For who makes facts that cost something: told when the first subscription that names the type has come, and
        when the last has gone. Who asks for all facts does not name it.
        """
        self._interests[topic] = told

    def subscribe(self, *types: type[T_co], capacity: int = _DEFAULT_CAPACITY) -> Subscription[T_co]:
        """A subscription to facts of these types; ``Topic`` means all.

        Raises:
            ValueError: no type, or no room.
        """
        if not types or capacity < 1:
            raise ValueError("a subscription names at least one type and has room for at least one fact")
        made = Subscription(self, types, capacity)
        firsts = [topic for topic in self._interests if topic in types and not self._named(topic)]
        self._subscriptions.append(made)
        self._routes.clear()
        for topic in firsts:
            self._interests[topic](True)
        return made

    def publish(self, fact: Topic) -> None:
        """Queues the fact at every subscription that asked for it; runs nobody's code."""
        route = self._routes.get(type(fact))
        if route is None:
            route = tuple(one for one in self._subscriptions if isinstance(fact, one.types))
            self._routes[type(fact)] = route
        for subscription in route:
            subscription.put(fact)

    def forget(self, subscription: Subscription[Topic]) -> None:
        """For a subscription that closes."""
        self._subscriptions.remove(subscription)
        self._routes.clear()
        for topic, told in self._interests.items():
            if topic in subscription.types and not self._named(topic):
                told(False)

    def _named(self, topic: type[Topic]) -> bool:
        return any(topic in one.types for one in self._subscriptions)
