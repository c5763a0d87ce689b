"""What an end means, by its status and by what the host did; crash records are judged in tests/integration/host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from signal import SIGKILL, SIGSEGV, SIGTERM, SIGXCPU

import pytest

from abi.wire import EXIT_HOST_LOST
from host.supervise import Autopsy, Cause, examine
from host.worker import ExitStatus, KillKind, WorkerHandle
from tests.unit.host.worker.peer import SPEC, Peer, silent

LONG_S = 30.0
Act = Callable[[WorkerHandle], object]


def autopsy(status: ExitStatus, act: Act | None = None) -> Autopsy:
    """Of a worker that ends so, after the host did something to it."""

    async def whole() -> Autopsy:
        peer = Peer(SPEC, silent, mortal=False)
        handle = peer.handle(SPEC, lambda _handle, _event: None)
        if act is not None:
            act(handle)
        peer.process.end(status)
        assert await handle.wait_exit(LONG_S) == status
        return examine(handle, status)

    return asyncio.run(whole())


def terminate(kind: KillKind) -> Act:
    return lambda handle: handle.terminate("a reason", kind)


@pytest.mark.parametrize(
    ("status", "act", "cause", "reason", "external"),
    [
        (ExitStatus(code=0), None, Cause.EXIT, "it ended with exit status 0", False),
        (ExitStatus(code=3), None, Cause.EXIT, "it ended with exit status 3", False),
        (ExitStatus(code=EXIT_HOST_LOST), None, Cause.ABANDONED, "it believed its host gone", False),
        (ExitStatus(signal=SIGKILL), None, Cause.KILLED, "SIGKILL came from outside", True),
        (ExitStatus(signal=SIGTERM), None, Cause.KILLED, "SIGTERM came from outside", True),
        (ExitStatus(signal=SIGTERM), WorkerHandle.ask_to_end, Cause.ASKED, "it was asked to end", False),
        (ExitStatus(signal=SIGSEGV), None, Cause.CRASH, "SIGSEGV, and nothing was recorded of it", False),
        (ExitStatus(signal=SIGXCPU), None, Cause.CRASH, "SIGXCPU, and nothing was recorded of it", False),
        (ExitStatus(signal=SIGKILL), terminate(KillKind.ASKED), Cause.ASKED, "a reason", False),
        (ExitStatus(signal=SIGKILL), terminate(KillKind.HANG), Cause.HANG, "a reason", False),
        (ExitStatus(signal=SIGKILL), terminate(KillKind.PROTOCOL), Cause.PROTOCOL, "a reason", False),
        (ExitStatus(signal=SIGKILL), terminate(KillKind.CRASH), Cause.CRASH, "a reason", False),
        (ExitStatus(code=0), terminate(KillKind.HANG), Cause.HANG, "a reason", False),
        (ExitStatus(signal=SIGSEGV), terminate(KillKind.HANG), Cause.CRASH, "SIGSEGV, and nothing was recorded", False),
    ],
)
def test_the_cause(status: ExitStatus, act: Act | None, cause: Cause, reason: str, external: bool) -> None:
    found = autopsy(status, act)
    assert (found.cause, found.external) == (cause, external)
    assert found.reason.startswith(reason)
    assert found.how == str(status)
    assert (found.signal, found.exit_status) == ("" if status.signal is None else str(status), status.code)
    assert (found.plugin_id, found.generation, found.pid) == (SPEC.plugin_id, SPEC.generation, 4242)
    assert (found.call, found.instance, found.backtrace, found.progress) == ("", 0, (), False)


def test_the_first_kill_gives_the_reason() -> None:
    def twice(handle: WorkerHandle) -> None:
        handle.terminate("first", KillKind.HANG)
        handle.terminate("second", KillKind.ASKED)

    found = autopsy(ExitStatus(signal=SIGKILL), twice)
    assert (found.cause, found.reason) == (Cause.HANG, "first")
