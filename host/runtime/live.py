"""A generation that has a process: the state machine of ``generation.py`` joined to the worker that it speaks of."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from host.errors import WorkerLost
from host.ids import Generation, PluginId, Role
from host.packages import PluginManifest
from host.runtime.generation import START, GenerationState, Happening, Phase, step
from host.worker import ExitStatus, WorkerHandle

__all__ = ["LiveGeneration"]


class LiveGeneration:
    """One load of one plugin in one worker. Every change goes through ``happened`` and is told at once."""

    def __init__(
        self,
        manifest: PluginManifest,
        role: Role,
        number: Generation,
        on_change: Callable[[LiveGeneration, GenerationState], None],
        *,
        commanded: bool = False,
    ) -> None:
        self.manifest = manifest
        self.plugin_id: PluginId = manifest.id
        self.role = role
        self.number = number
        self.state: GenerationState = START
        #: Somebody asked for it while another one may still be good: until it is loaded its end counts for nothing.
        self.commanded = commanded
        #: Drains because another one took its place.
        self.superseded = False
        #: Calls that the one-call-per-instance guard refused.
        self.concurrent_calls = 0
        #: Set when the process is gone.
        self.ended = asyncio.Event()
        self._handle: WorkerHandle | None = None
        self._loaded_at: float | None = None
        self._on_change = on_change

    def __str__(self) -> str:
        return f"{self.plugin_id} generation {self.number}"

    @property
    def pid(self) -> int:
        """0 before there is a process."""
        return self._handle.pid if self._handle is not None else 0

    @property
    def loaded(self) -> bool:
        """Whether its plugin was ever loaded to the end."""
        return self._loaded_at is not None

    @property
    def lived_s(self) -> float:
        """Since it was loaded; 0 before."""
        return 0.0 if self._loaded_at is None else time.monotonic() - self._loaded_at

    @property
    def has_worker(self) -> bool:
        """Whether there is a worker already."""
        return self._handle is not None

    @property
    def handle(self) -> WorkerHandle:
        """The worker.

        Raises:
            WorkerLost: there is none (yet).
        """
        if self._handle is None:
            raise WorkerLost(f"{self} has no worker")
        return self._handle

    def adopt(self, handle: WorkerHandle, on_exit: Callable[[LiveGeneration, ExitStatus], None]) -> None:
        """From now on this worker is the generation; ``on_exit`` is told of its end before anyone who waits for it."""
        self._handle = handle
        handle.on_exit(lambda status: on_exit(self, status))

    def happened(self, happening: Happening) -> None:
        """Takes the step and tells it.

        Raises:
            IllegalStep: a mistake of this room.
        """
        before = self.state
        self.state = step(before, happening)
        if happening is Happening.LOADED:
            self._loaded_at = time.monotonic()
        if self.state.over and not before.over:
            self.ended.set()
        self._on_change(self, before)

    def takes_instances(self) -> bool:
        """Only an active generation does."""
        return self.state.phase is Phase.ACTIVE

    def drain(self) -> None:
        """No new instance from now on; the process ends when nothing is left in it."""
        if self.state.phase in (Phase.STARTING, Phase.ACTIVE):
            self.happened(Happening.DRAIN)

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Counts what is done inside as a call under way, which holds the process."""
        self.happened(Happening.CALL_BEGAN)
        try:
            yield
        finally:
            self.happened(Happening.CALL_ENDED)
