"""The host of one cell: a whole application in this process, which plays the inputs and says what came of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from abi.kinds import CapabilityKind
from host.app import Application
from host.capabilities import Lyrics, Sink, Source
from host.cli.session import exit_of
from host.errors import MediaError, StellaError
from host.ids import Role
from host.jsontext import Json, JsonObject
from host.packages import PATH_VARIABLE
from host.playback import Chain, Excerpt, Input, Output, Pacing, PlaybackResult, Player
from host.runtime import Instance
from host.settings import Settings
from tests import census
from tests.faults.cell_trial import FAULTY, TYPE, Trial

__all__ = ["FACTS", "perform"]

FACTS = "facts.json"
_LOOK_S = 0.005


@dataclass(slots=True)
class _Heard:
    """What is written down."""

    code: int = 0
    error: Json = None
    refused: Json = None
    disturbed: str = ""
    result: PlaybackResult | None = None
    left: list[str] = field(default_factory=list)


def perform(trial: Trial) -> None:
    """Plays it to its end, in a process that belongs to it alone, and writes ``facts.json``."""
    os.environ[PATH_VARIABLE] = str(trial.plugins)
    os.environ["TMPDIR"] = tempfile.tempdir = str(trial.temporary)
    os.environ["XDG_RUNTIME_DIR"] = str(trial.place / "run")
    heard = _Heard()
    asyncio.run(_warm_up())
    before = census.take()
    asyncio.run(_hosted(trial, heard))
    heard.left = census.left_behind(before, patience_s=2.0)
    (trial.place / FACTS).write_text(json.dumps(_document(heard)))


async def _warm_up() -> None:
    """What the loop and its threads keep for good is there before the census."""
    await asyncio.to_thread(lambda: None)


async def _hosted(trial: Trial, heard: _Heard) -> None:
    async with Application(Settings(limits=trial.limits), trial.paths) as app:
        player = _player(app, trial)
        playing = asyncio.create_task(player.play(tuple(map(Input, trial.inputs))))
        try:
            for happening in _happenings(trial):
                if await _in_the_midst(trial, player, playing):
                    heard.disturbed = happening.__name__.strip("_")
                    heard.refused = await _refusal(happening(app, trial))
            result = await playing
            if not result.played:
                only = result.failed[0].failure if len(result.failed) == 1 else None
                raise only or MediaError("nothing could be played")
            heard.result, heard.code = result, exit_of(result)
        except StellaError as error:
            heard.code, heard.error = error.exit_code, {"code": error.code, "message": str(error)}
        finally:
            playing.cancel()
            await asyncio.wait([playing])


def _player(app: Application, trial: Trial) -> Player:
    output = Output(trial.output(), {})
    return app.player(Chain(trial.effects(), output, Pacing.unpaced(app.settings.pipeline)), Excerpt(), None)


# ---- what happens while it plays ----

_Happening = Callable[[Application, Trial], Awaitable[None]]


def _happenings(trial: Trial) -> tuple[_Happening, ...]:
    if trial.kills:
        return (_kill,)
    if trial.reloads:
        return (_reload,)
    return (_query,) if trial.queries else ()


async def _in_the_midst(trial: Trial, player: Player, playing: asyncio.Task[PlaybackResult]) -> bool:
    while not playing.done():
        now = player.now()
        if now is not None and now.position >= trial.in_the_midst:
            return True
        await asyncio.wait([playing], timeout=_LOOK_S)
    return False


async def _refusal(happening: Awaitable[None]) -> Json:
    try:
        await happening
    except StellaError as error:
        return {"code": error.code, "message": str(error)}
    return None


async def _kill(app: Application, _trial: Trial) -> None:
    (worker,) = [one for one in app.runtime.workers() if one.spec.plugin_id == FAULTY]
    os.kill(worker.pid, signal.SIGKILL)


async def _reload(app: Application, trial: Trial) -> None:
    fresh, old = trial.place / "next" / "fault.so", trial.plugins / "faulty" / "fault.so"
    fresh.replace(old)
    await app.plugins.restart(FAULTY, Role.PLAY, reload=True)


async def _query(app: Application, trial: Trial) -> None:
    """As ``stellatune outputs``, ``sources`` and ``lyrics`` ask."""
    kind = CapabilityKind.from_word(trial.cell.capability)
    instance = await app.runtime.create(FAULTY, kind, TYPE, trial.query())
    try:
        await _ask(instance)
    finally:
        await instance.destroy()


async def _ask(instance: Instance) -> None:
    match instance.kind:
        case CapabilityKind.SOURCE_CATALOG:
            source = Source(instance)
            for item in (await source.list_items({})).items:
                await source.open_stream(item.value)
        case CapabilityKind.LYRICS_PROVIDER:
            lyrics = Lyrics(instance)
            for candidate in await lyrics.search({"title": "fault"}):
                await lyrics.fetch(candidate)
        case _:
            await Sink(instance).list_targets()


# ---- what is written down ----


def _document(heard: _Heard) -> JsonObject:
    result = heard.result
    document: JsonObject = {
        "code": heard.code,
        "error": heard.error,
        "refused": heard.refused,
        "disturbed": heard.disturbed,
        "left": [*heard.left],
    }
    if result is None:
        return document
    faults = (*result.faults, *(fault for track in result.tracks for fault in track.faults))
    return document | {
        "frames": result.frames,
        "tracks": [_track(track.frames_out, track.failure) for track in result.tracks],
        "faults": [{"code": fault.code, "message": fault.message} for fault in faults],
        "repairs": [
            {
                "stage": repair.stage,
                "grade": repair.grade.value,
                "position": repair.position,
                "first": repair.first,
                "last": repair.last,
                "gap_frames": repair.gap_frames,
                "cause": repair.cause,
                "plugin": repair.plugin_id,
            }
            for repair in result.repairs
        ],
    }


def _track(frames: int, failure: StellaError | None) -> Json:
    return {"frames": frames, "failure": None if failure is None else {"code": failure.code, "message": str(failure)}}
