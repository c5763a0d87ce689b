"""``stellatune plugins restart|reload|unload|enable|disable|reset``: what can be done to a plugin."""

from __future__ import annotations

import click

from host.cli.completing import plugin_ids
from host.cli.console import Console
from host.cli.rows import number, objects, text
from host.cli.talking import ANSWER_S, RENEW_S, host_if_any, running_host, short
from host.jsontext import JsonObject
from host.packages import discover, find_owner, search_path
from host.settings import Paths

__all__ = ["disable", "enable", "reload", "reset", "restart", "unload"]

role_option = click.option("--role", type=click.Choice(["play", "scan"]), default="play", show_default=True)


@click.command()
@click.argument("name", metavar="ID", shell_complete=plugin_ids)
@role_option
@click.pass_obj
def restart(console: Console, name: str, role: str) -> int:
    """A new process from the same file; what plays goes over without a gap."""
    return _renew(console, "plugins.restart", name, role)


@click.command()
@click.argument("name", metavar="ID", shell_complete=plugin_ids)
@role_option
@click.pass_obj
def reload(console: Console, name: str, role: str) -> int:
    """Read plugin.toml and file again, and go over to what they hold now; if that fails, the old one serves on."""
    return _renew(console, "plugins.reload", name, role)


def _renew(console: Console, verb: str, name: str, role: str) -> int:
    with running_host(console) as client:
        done = client.ask(verb, {"id": name, "role": role}, RENEW_S)
    if console.json:
        console.document("stellatune.plugin-renewal/1", {"live": True, **done})
    else:
        console.result(renewal_line(done))
    return 0


def renewal_line(done: JsonObject) -> str:
    """``dsp.gain  gen 3 -> 4  pid 4112 -> 4190  41 ms  0 frames lost``"""
    role = "" if done.get("role") == "play" else f" ({text(done, 'role')})"
    return (
        f"{short(done.get('plugin'))}{role}  gen {text(done, 'old_generation')} -> {text(done, 'new_generation')}"
        f"  pid {text(done, 'old_pid')} -> {text(done, 'new_pid')}  {number(done, 'took_ms') or 0:.0f} ms"
        f"  {text(done, 'frames_lost')} frames lost"
    )


@click.command()
@click.argument("name", metavar="ID", shell_complete=plugin_ids)
@role_option
@click.option("--force", is_flag=True, help="Kill it when it has not ended by itself in time.")
@click.pass_obj
def unload(console: Console, name: str, role: str, force: bool) -> int:
    """Let its process end as soon as nothing needs it any more."""
    with running_host(console) as client:
        done = client.ask("plugins.unload", {"id": name, "role": role, "force": force}, RENEW_S)
    if console.json:
        console.document("stellatune.plugin-unload/1", {"live": True, **done})
        return 0
    plugin = short(done.get("plugin"))
    for each in objects(done, "ended"):
        console.result(f"{plugin}  gen {text(each, 'generation')}  pid {text(each, 'pid')}  ended")
    for each in objects(done, "draining"):
        console.result(
            f"{plugin}  gen {text(each, 'generation')}  pid {text(each, 'pid')}  draining: "
            f"{text(each, 'live_instances')} instances live"
        )
    if not objects(done, "ended") and not objects(done, "draining"):
        console.result(f"{plugin}  is not loaded")
    return 0


@click.command()
@click.argument("name", metavar="ID", shell_complete=plugin_ids)
@click.pass_obj
def enable(console: Console, name: str) -> int:
    """Undo disable."""
    return _switch(console, name, off=False)


@click.command()
@click.argument("name", metavar="ID", shell_complete=plugin_ids)
@click.pass_obj
def disable(console: Console, name: str) -> int:
    """Do not load it any more, now and in later hosts; what is loaded ends when nothing needs it."""
    return _switch(console, name, off=True)


def _switch(console: Console, name: str, *, off: bool) -> int:
    with host_if_any(console) as client:
        live = client is not None
        if client is not None:
            done = client.ask("plugins.disable" if off else "plugins.enable", {"id": name}, ANSWER_S)
        else:
            done = _switch_on_disk(name, off)
    if console.json:
        console.document("stellatune.plugin-switch/1", {"live": live, **done})
    else:
        console.result(f"{short(done.get('plugin'))}  {'disabled' if done.get('disabled') else 'enabled'}")
    return 0


def _switch_on_disk(name: str, off: bool) -> JsonObject:
    from host.runtime import DisabledPlugins

    places = Paths.of_user()
    plugin = find_owner(name, discover(search_path(places)).plugins)
    after = DisabledPlugins(places.state_dir).set(plugin.id, off)
    return {"plugin": plugin.id, "disabled": plugin.id in after.plugins}


@click.command()
@click.argument("name", metavar="ID", shell_complete=plugin_ids)
@click.option("--role", type=click.Choice(["play", "scan"]), help="In this role only.")
@click.pass_obj
def reset(console: Console, name: str, role: str | None) -> int:
    """Forget its faults; a quarantine ends."""
    with host_if_any(console) as client:
        live = client is not None
        if client is not None:
            done = client.ask("plugins.reset", {"id": name, "role": role}, ANSWER_S)
        else:
            # Standings live in the host: where none runs, nothing is held against any plugin.
            done = {"plugin": find_owner(name, discover(search_path(Paths.of_user())).plugins).id, "before": []}
    if console.json:
        console.document("stellatune.plugin-reset/1", {"live": live, **done})
        return 0
    before = objects(done, "before")
    for each in before:
        console.result(
            f"{short(done.get('plugin'))}  {text(each, 'role')}  was {text(each, 'state')} after "
            f"{text(each, 'restarts')} faults, is ready"
        )
    if not before:
        console.result(f"{short(done.get('plugin'))}  had nothing to forget")
    return 0
