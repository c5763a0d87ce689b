"""``stellatune plugins crashes|logs``: what plugins died of, and what they said."""

from __future__ import annotations

import time

import click

from host.cli.completing import plugin_ids
from host.cli.console import Console
from host.cli.rows import number, objects, text, texts
from host.cli.talking import ANSWER_S, host_if_any, running_host, short
from host.control.client import ControlClient
from host.jsontext import JsonObject
from host.packages import discover, find_owner, search_path
from host.settings import Paths

__all__ = ["crashes", "logs"]

LOG_SCHEMA = "stellatune.plugin-log/1"
LOG_LINE_SCHEMA = "stellatune.plugin-log-line/1"
lines_option = click.option(
    "-n", "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="The newest so many."
)


@click.command()
@click.argument("name", metavar="[ID]", required=False, shell_complete=plugin_ids)
@lines_option
@click.pass_obj
def crashes(console: Console, name: str | None, limit: int) -> int:
    """What plugins died of, oldest first; also when no host runs."""
    with host_if_any(console) as client:
        live = client is not None
        if client is not None:
            rows = objects(client.ask("plugins.crashes", {"id": name, "limit": limit}, ANSWER_S), "rows")
        else:
            rows = _rows_on_disk(name, limit)
    if console.json:
        console.document("stellatune.crashes/1", {"live": live, "rows": rows})
        return 0
    for row in rows:
        _show(console, row)
    if not rows:
        console.note("no crash is known")
    return 0


def _rows_on_disk(name: str | None, limit: int) -> list[JsonObject]:
    from host.runtime import CRASHES_FILE
    from host.supervise import CrashHistory

    places = Paths.of_user()
    plugin_id = None if name is None else find_owner(name, discover(search_path(places)).plugins).id
    return CrashHistory(places.state_dir / CRASHES_FILE).rows(plugin_id, limit)


def _show(console: Console, row: JsonObject) -> None:
    at = number(row, "time")
    when = "-" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
    how = text(row, "signal") if row.get("signal") else f"exit status {text(row, 'exit_status')}"
    instance = f" of instance {text(row, 'instance')}" if row.get("instance") else ""
    where = f" in {text(row, 'call')}{instance}" if row.get("call") else ""
    console.result(
        f"{when}  {short(row.get('plugin'))}  gen {text(row, 'generation')}  {text(row, 'role')}  "
        f"pid {text(row, 'pid')}  {text(row, 'cause')}, {how}{where}"
    )
    console.result(f"    {text(row, 'reason')}; {text(row, 'action')}, {text(row, 'restarts')} so far")
    for frame in texts(row, "backtrace"):
        console.result(f"    {frame}")
    for line in texts(row, "log")[-3:]:
        console.result(f"    | {line}")


@click.command()
@click.argument("name", metavar="ID", shell_complete=plugin_ids)
@lines_option
@click.option("-f", "--follow", is_flag=True, help="Go on with what it logs, until interrupted.")
@click.pass_obj
def logs(console: Console, name: str, limit: int, follow: bool) -> int:
    """What its workers wrote and logged last."""
    with running_host(console) as client:
        if follow:  # first, so that nothing falls between: what comes before the answer below is in it
            client.ask("events", {"filter": "plugin.log"}, ANSWER_S)
        found = client.ask("plugins.logs", {"id": name, "limit": limit}, ANSWER_S)
        if console.json and not follow:
            console.document(LOG_SCHEMA, {"live": True, **found})
            return 0
        for worker in objects(found, "workers"):
            for line in (*texts(worker, "lines"), *texts(worker, "logged")):
                _tell(console, found.get("plugin"), worker.get("generation"), line)
        if follow:
            _follow(console, client, found.get("plugin"))
    return 0


def _follow(console: Console, client: ControlClient, plugin: object) -> None:
    for event in client.events():
        data = event.get("data")
        if isinstance(data, dict) and data.get("plugin_id") == plugin:
            _tell(console, plugin, data.get("generation"), text(data, "text"))


def _tell(console: Console, plugin: object, generation: object, line: str) -> None:
    if console.json:
        console.line(LOG_LINE_SCHEMA, {"plugin": plugin, "generation": generation, "text": line})
    else:
        console.result(f"{short(plugin)}#{generation}: {line}")
