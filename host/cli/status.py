"""``stellatune status``: what the running host does at this moment."""

from __future__ import annotations

from collections.abc import Iterator

import click

from host.cli.clock import clock
from host.cli.console import Console, plain
from host.cli.rejoining import answers
from host.cli.rows import number, objects, refusals, text
from host.cli.screen import screen
from host.cli.talking import ANSWER_S, running_host, short
from host.cli.top import INTERVAL
from host.cli.transport import state_line
from host.jsontext import JsonObject

__all__ = ["status"]

STATUS_SCHEMA = "stellatune.status/1"


@click.command()
@click.option("--watch", is_flag=True, help="Again and again, also of the host that comes after this one.")
@click.option("--interval", "interval_s", metavar="S", type=INTERVAL, default=1.0, show_default=True)
@click.pass_obj
def status(console: Console, watch: bool, interval_s: float) -> int:
    """What plays, through whom, and what went wrong."""
    if watch:
        return _watch(console, interval_s)
    with running_host(console) as client:
        found = client.ask("status", {}, ANSWER_S)
    if console.json:
        console.document(STATUS_SCHEMA, {"live": True, **found})
    else:
        for line in _lines(found):
            console.result(line)
    return 0


def _watch(console: Console, interval_s: float) -> int:
    with screen(console) as show:
        for found in answers(console, "status", interval_s):
            if console.json:
                console.line(STATUS_SCHEMA, {"live": False} if found is None else {"live": True, **found})
            else:
                show([*(["no host answers"] if found is None else _lines(found)), ""])
    return 0


def _lines(found: JsonObject) -> Iterator[str]:
    host = found.get("host")
    if isinstance(host, dict):
        yield f"{'host':9} pid {text(host, 'pid')}, up {clock(number(host, 'up_s'))}, {text(host, 'version')}"
    playback = found.get("playback")
    if isinstance(playback, dict):
        yield from _of_playback(playback)
    else:
        yield f"{'playing':9} nothing"
    for worker in objects(found, "workers"):
        yield (
            f"{'worker':9} {short(worker.get('plugin'))} gen {text(worker, 'generation')} {text(worker, 'state')}"
            f"  pid {text(worker, 'pid')}  {text(worker, 'role')}  instances {text(worker, 'live_instances')}"
            f"{refusals(worker)}"
        )
    for fault in objects(found, "faults"):
        call = f" in {text(fault, 'call')}" if fault.get("call") else ""
        yield (
            f"{'fault':9} {short(fault.get('plugin'))} gen {text(fault, 'generation')}: {text(fault, 'cause')}{call}: "
            f"{text(fault, 'how')} -> {text(fault, 'action')}"
        )
    log = found.get("log")
    if isinstance(log, dict) and (log.get("dropped") or log.get("problem")):
        yield f"{'log':9} {text(log, 'file')}: {text(log, 'dropped')} lines are missing  {text(log, 'problem')}"


def _of_playback(playback: JsonObject) -> Iterator[str]:
    yield f"{'music':9} {state_line(playback)}"
    queue = playback.get("queue")
    if isinstance(queue, dict) and queue.get("length"):
        modes = [f"repeat {text(queue, 'repeat')}", *(mode for mode in ("shuffle", "consume") if queue.get(mode))]
        yield f"{'queue':9} {text(queue, 'length')} entries, {', '.join(modes)}"
    if playback.get("buffering") is True:
        yield f"{'buffering':9} nothing is heard until more has come"
    if not playback.get("chain"):
        return
    chain = " -> ".join(
        f"{text(use, 'type')}#{text(use, 'generation')} ({text(use, 'pid')})" for use in objects(playback, "chain")
    )
    counts = f"xr {text(playback, 'xruns')}  clip {text(playback, 'clipped_samples')}"
    yield f"{'chain':9} {plain(chain)}  {counts}"
    output = playback.get("output")
    if isinstance(output, dict) and output.get("state") == "lost":
        yield f"{'output':9} lost for {clock(number(output, 'since_s'))}: {text(output, 'reason')}"
