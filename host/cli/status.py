"""``stellatune status``: what the running host does at this moment."""

from __future__ import annotations

import click

from host.cli.clock import clock
from host.cli.console import Console, plain
from host.cli.rows import number, objects, refusals, text
from host.cli.talking import ANSWER_S, running_host, short
from host.cli.transport import state_line
from host.jsontext import JsonObject

__all__ = ["status"]


@click.command()
@click.pass_obj
def status(console: Console) -> int:
    """What plays, through whom, and what went wrong."""
    with running_host(console) as client:
        found = client.ask("status", {}, ANSWER_S)
    if console.json:
        console.document("stellatune.status/1", {"live": True, **found})
        return 0
    host = found.get("host")
    if isinstance(host, dict):
        console.result(f"{'host':9} pid {text(host, 'pid')}, up {clock(number(host, 'up_s'))}, {text(host, 'version')}")
    playback = found.get("playback")
    if isinstance(playback, dict):
        _show_playback(console, playback)
    else:
        console.result(f"{'playing':9} nothing")
    for worker in objects(found, "workers"):
        console.result(
            f"{'worker':9} {short(worker.get('plugin'))} gen {text(worker, 'generation')} {text(worker, 'state')}"
            f"  pid {text(worker, 'pid')}  {text(worker, 'role')}  instances {text(worker, 'live_instances')}"
            f"{refusals(worker)}"
        )
    for fault in objects(found, "faults"):
        call = f" in {text(fault, 'call')}" if fault.get("call") else ""
        console.result(
            f"{'fault':9} {short(fault.get('plugin'))} gen {text(fault, 'generation')}: {text(fault, 'cause')}{call}: "
            f"{text(fault, 'how')} -> {text(fault, 'action')}"
        )
    return 0


def _show_playback(console: Console, playback: JsonObject) -> None:
    console.result(f"{'music':9} {state_line(playback)}")
    queue = playback.get("queue")
    if isinstance(queue, dict) and queue.get("length"):
        modes = [f"repeat {text(queue, 'repeat')}", *(mode for mode in ("shuffle", "consume") if queue.get(mode))]
        console.result(f"{'queue':9} {text(queue, 'length')} entries, {', '.join(modes)}")
    if not playback.get("chain"):
        return
    chain = " -> ".join(
        f"{text(use, 'type')}#{text(use, 'generation')} ({text(use, 'pid')})" for use in objects(playback, "chain")
    )
    counts = f"xr {text(playback, 'xruns')}  clip {text(playback, 'clipped_samples')}"
    console.result(f"{'chain':9} {plain(chain)}  {counts}")
