"""Facts about workers, plugins, configurations and stages, one frozen type each.

``generation`` and ``instance`` are stamped by the host.
"""

from __future__ import annotations

from abi.wire import StopReason
from host.ids import Generation, InstanceId, PluginId, Role, TypeId
from host.jsontext import Json, JsonObject
from host.records import record

__all__ = [
    "ConfigReloaded",
    "ConfigUpdated",
    "DigestDone",
    "EventsDropped",
    "GenerationChanged",
    "HostEventsMissed",
    "InstanceCreated",
    "InstanceDestroyed",
    "OutputBack",
    "OutputLost",
    "PluginAnswered",
    "PluginAsked",
    "PluginEmitted",
    "PluginFault",
    "PluginLogLine",
    "StageBypassed",
    "StageEnded",
    "StageGivenUp",
    "StageMended",
    "Topic",
    "WorkerExited",
    "WorkerStarted",
]


class Topic:
    """Base of all facts."""

    __slots__ = ()


# ---- workers and generations ----


@record
class WorkerStarted(Topic):
    """A process shook hands; its plugin is not loaded yet."""

    plugin_id: PluginId
    role: Role
    generation: Generation
    pid: int


@record
class WorkerExited(Topic):
    """A process is gone and reaped.

    ``expected``: asked to, with nothing living in it. ``how``: exit status or signal. ``reason``: why the host killed
    it, else empty. ``call``: what its lanes were in. ``last_lines``: what it wrote last.
    """

    plugin_id: PluginId
    role: Role
    generation: Generation
    pid: int
    expected: bool
    how: str
    reason: str
    call: str
    lost_instances: int
    last_lines: tuple[str, ...]


@record
class PluginFault(Topic):
    """A worker was lost that nobody had asked to end; told once per loss.

    ``cause``: crash, killed, exit, hang, protocol, asked or abandoned; ``signal``: its name, empty when it exited;
    ``how``: in one line for people. ``action``: restart, quarantine or none. ``restarts``: of this plugin and role.
    """

    plugin_id: PluginId
    role: Role
    generation: Generation
    pid: int
    instance: InstanceId
    call: str
    cause: str
    signal: str
    how: str
    backtrace: tuple[str, ...]
    last_lines: tuple[str, ...]
    action: str
    restarts: int


@record
class GenerationChanged(Topic):
    """A generation is now starting, active, draining, retired or lost, with the counts of that moment."""

    plugin_id: PluginId
    role: Role
    generation: Generation
    state: str
    live_instances: int
    inflight: int


@record
class InstanceCreated(Topic):
    """``live_instances`` counts those of the generation, this one included."""

    plugin_id: PluginId
    generation: Generation
    instance: InstanceId
    type_id: TypeId
    live_instances: int


@record
class InstanceDestroyed(Topic):
    """``live_instances`` counts those of the generation that are left; ``lost``: it went with its worker."""

    plugin_id: PluginId
    generation: Generation
    instance: InstanceId
    type_id: TypeId
    live_instances: int
    lost: bool


# ---- what plugins tell ----


@record
class PluginLogLine(Topic):
    """``level``: ``LogLevel``; ``instance`` 0: no call of an instance was under way. ``text`` is safe to print."""

    plugin_id: PluginId
    generation: Generation
    instance: InstanceId
    level: int
    text: str


@record
class PluginEmitted(Topic):
    """A JSON value that the plugin emitted."""

    plugin_id: PluginId
    generation: Generation
    instance: InstanceId
    value: Json


@record
class EventsDropped(Topic):
    """So many log lines and events of a plugin found no room in its worker."""

    plugin_id: PluginId
    generation: Generation
    logs: int
    events: int


# ---- configurations ----


@record
class ConfigUpdated(Topic):
    """What became of a wish for another configuration: applied, recreated, rejected or failed, one of these once each.

    ``requires_recreate`` is a step before one of them. ``name``: of the stage, or of the type where no stage holds it.
    ``generation`` and ``config_gen`` are of what serves from now on; ``position``: the first frame it holds for.
    """

    name: str
    plugin_id: PluginId
    kind: str
    type_id: TypeId
    generation: Generation
    config_gen: int
    status: str
    reason: str
    position: int | None


@record
class ConfigReloaded(Topic):
    """The configuration file was read again while the host ran.

    ``changed``: what holds from now on; ``later``: what only another start takes up; ``problems``: what was wrong, or
    was refused. One line each.
    """

    changed: tuple[str, ...]
    later: tuple[str, ...]
    problems: tuple[str, ...]


@record
class PluginAsked(Topic):
    """A plugin asks for something that it has the right to; ``PluginAnswered`` tells what became of it.

    ``number`` counts the requests of its generation; ``control`` says of what, and ``request`` is all it said.
    """

    plugin_id: PluginId
    generation: Generation
    instance: InstanceId
    number: int
    control: str
    request: JsonObject


@record
class PluginAnswered(Topic):
    """What became of a plugin's request, also of one that was not let through; ``error``: its code, empty when done."""

    plugin_id: PluginId
    generation: Generation
    number: int
    error: str


@record
class HostEventsMissed(Topic):
    """So many events for a plugin were dropped because it did not read them."""

    plugin_id: PluginId
    generation: Generation
    count: int


# ---- stages ----


@record
class StageEnded(Topic):
    """A pump returned for good at ``position``; ``code`` is the plugin's status code where it gave one."""

    plugin_id: PluginId
    generation: Generation
    instance: InstanceId
    epoch: int
    reason: StopReason
    position: int
    code: int
    text: str


@record
class StageBypassed(Topic):
    """The music goes on without an effect from ``position`` on; ``StageMended`` tells when it is back."""

    name: str
    plugin_id: PluginId
    position: int
    cause: str


@record
class StageMended(Topic):
    """A stage has a new occupant, at ``position``; ``planned``: because somebody asked for it.

    ``grade``: what was heard of it, A to E as in FAULTS.md. ``first`` and ``last``: the span that is not what an
    undisturbed run gives, None where there is none; ``gap_frames``: so many frames were lost.
    """

    name: str
    plugin_id: PluginId
    type_id: TypeId
    old_generation: Generation
    generation: Generation
    position: int
    grade: str
    cause: str
    first: int | None
    last: int | None
    gap_frames: int
    planned: bool


@record
class StageGivenUp(Topic):
    """Nobody is left who could work there: the track, or the playback, ends."""

    name: str
    plugin_id: PluginId
    instance: InstanceId
    error: str


@record
class OutputLost(Topic):
    """The device is gone, with ``position`` frames taken. ``then``: wait, or null where the music goes on unheard."""

    plugin_id: PluginId
    type_id: TypeId
    position: int
    reason: str
    then: str


@record
class OutputBack(Topic):
    """It plays again, from ``position`` on, after ``away_s``; ``frames_lost``: of the music, not heard."""

    plugin_id: PluginId
    type_id: TypeId
    position: int
    away_s: float
    frames_lost: int


@record
class DigestDone(Topic):
    """sha256, as hex, of the float32 words of frames ``[start, end)`` that entered a sink."""

    plugin_id: PluginId
    generation: Generation
    instance: InstanceId
    start: int
    end: int
    sha256: str
