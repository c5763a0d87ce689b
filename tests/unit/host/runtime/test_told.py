"""What workers tell: stamped, made printable, and never believed when it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from abi.wire import (
    Payload,
    Ping,
    PluginEvent,
    PluginLog,
    StageStopped,
    StopReason,
)
from host.errors import (
    ProtocolViolated,
    WorkerLost,
)
from host.events import (
    PluginEmitted,
    PluginLogLine,
    StageEnded,
    Topic,
)
from host.ids import Generation
from tests.unit.host.runtime.rig import LONG_S, Rig, run
from tests.unit.host.runtime.workers import GAIN
from tests.unit.host.worker.peer import silent


def test_what_workers_tell_is_stamped_and_made_printable(tmp_path: Path) -> None:
    async def body(rig: Rig) -> None:
        instance = await rig.create()
        number = int(instance.id)
        peer = rig.workers.peer
        peer.tell(PluginLog(number, 2, "a\x1bb"))
        peer.tell(PluginEvent(number, Payload(b'{"x": 1}')))
        peer.tell(PluginEvent(number, Payload(b"{nonsense")))
        peer.tell(StageStopped(number + 1, 1, StopReason.FINISHED, 256, 0, ""))  # nobody's stage: not told
        peer.tell(StageStopped(number, 1, StopReason.FINISHED, 512, 0, ""))
        wanted = (PluginLogLine, PluginEmitted, StageEnded)
        found: list[Topic] = []
        while len(found) < 4:
            fact = await anext(rig.facts)
            if isinstance(fact, wanted):
                found.append(fact)
        assert found[0] == PluginLogLine(GAIN, Generation(1), instance.id, 2, "a\\x1bb")
        assert isinstance(found[1], PluginEmitted)
        assert (found[1].value, found[1].generation, found[1].instance) == ({"x": 1}, 1, number)
        assert isinstance(found[2], PluginLogLine)
        assert "not JSON" in found[2].text
        assert isinstance(found[3], StageEnded)
        assert (found[3].reason, found[3].position) == (StopReason.FINISHED, 512)

    run(tmp_path, body)


@pytest.mark.parametrize(
    "event", [StageStopped(1, 1, 77, 0, 0, ""), StageStopped(1, 1, 2, -5, 0, ""), StageStopped(1, -1, 2, 5, 0, "")]
)
def test_an_event_that_cannot_be_kills_its_worker(tmp_path: Path, event: StageStopped) -> None:
    async def body(rig: Rig) -> None:
        instance = await rig.create()
        rig.workers.peer.tell(event)
        rig.workers.peer.answer = silent
        with pytest.raises((WorkerLost, ProtocolViolated)):
            await instance.request(Ping(), LONG_S)
        (fact,) = rig.exits()
        assert "an event that cannot be" in fact.reason

    run(tmp_path, body)
