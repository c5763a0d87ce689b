"""``stellatune dsp list|add|remove|move|bypass``: the effects of the chain that plays, and changes of it."""

from __future__ import annotations

import click

from abi.kinds import CapabilityKind
from host.app import files_from_here
from host.cli.chain_options import DspOption, parse_dsp
from host.cli.completing import effect_types, stage_names
from host.cli.console import Console, plain
from host.cli.params import parsed
from host.cli.rows import objects, text
from host.cli.talking import ANSWER_S, RENEW_S, running_host, short
from host.jsontext import Json, JsonObject, dump_json

__all__ = ["dsp"]

PLACE = click.IntRange(min=1, max=1000)
_HEARD = {"left_out": "bypassed", "missing": "missing"}


@click.group()
def dsp() -> None:
    """The effects of the chain that plays; changes are heard without a gap."""


@dsp.command("list")
@click.pass_obj
def list_effects(console: Console) -> int:
    """All effects, in the order of the music."""
    with running_host(console) as client:
        found = client.ask("dsp.list", {}, ANSWER_S)
    if console.json:
        console.document("stellatune.effects/1", {"live": True, **found})
        return 0
    for effect in objects(found, "effects"):
        console.result(effect_line(effect))
    return 0


def effect_line(effect: JsonObject) -> str:
    """``1 warm  equalizer (dsp.equalizer)  gen 3  pid 4112  latency 0  {...}``"""
    state = _HEARD.get(text(effect, "heard"), "")
    config = plain(dump_json(effect.get("config") or {}))
    return (
        f"{text(effect, 'place')} {text(effect, 'name')}  {text(effect, 'type')} ({short(effect.get('plugin'))})"
        f"  gen {text(effect, 'generation')}  pid {text(effect, 'pid')}  latency {text(effect, 'latency_frames')}"
        f"{'  ' + state if state else ''}  {config}"
    )


@dsp.command()
@click.argument(
    "option", metavar="[NAME=]TYPE[:JSON]", type=parsed("[NAME=]TYPE[:JSON]", parse_dsp), shell_complete=effect_types
)
@click.option("--at", type=PLACE, help="This place, counted from 1.")
@click.option("--before", metavar="NAME", help="Right before this effect.")
@click.option("--after", metavar="NAME", help="Right behind this effect.")
@click.pass_obj
def add(console: Console, option: DspOption, at: int | None, before: str | None, after: str | None) -> int:
    """Add an effect, behind all others unless a place is named."""
    if sum(each is not None for each in (at, before, after)) > 1:
        raise click.UsageError("say one of --at, --before and --after")
    config: Json = None if option.config is None else _from_here(console, option.type_name, option.config)
    wish: JsonObject = {"type": option.type_name, "name": option.name if option.named else None, "config": config}
    return _change(console, "dsp.add", {**wish, "at": at, "before": before, "after": after})


def _from_here(console: Console, type_name: str, config: JsonObject) -> JsonObject:
    """With the files in it named from the root on; the host knows which strings are files."""
    with running_host(console) as client:
        (plugin,) = objects(client.ask("plugins.list", {"id": type_name}, ANSWER_S), "plugins")
    for capability in objects(plugin, "capabilities"):
        schema = capability.get("config_schema")
        if capability.get("kind") == CapabilityKind.DSP.word and isinstance(schema, dict):
            config = files_from_here(schema, config)
    return config


@dsp.command()
@click.argument("name", shell_complete=stage_names)
@click.pass_obj
def remove(console: Console, name: str) -> int:
    """Take an effect out."""
    return _change(console, "dsp.remove", {"name": name})


@dsp.command()
@click.argument("name", shell_complete=stage_names)
@click.argument("to", type=PLACE)
@click.pass_obj
def move(console: Console, name: str, to: int) -> int:
    """Put an effect to place TO of the new order, counted from 1; it begins anew there."""
    return _change(console, "dsp.move", {"name": name, "to": to})


@dsp.command()
@click.argument("name", shell_complete=stage_names)
@click.argument("state", type=click.Choice(["on", "off"]), default="on")
@click.pass_obj
def bypass(console: Console, name: str, state: str) -> int:
    """Leave an effect out without taking it out, until bypass NAME off."""
    return _change(console, "dsp.bypass", {"name": name, "off": state == "off"})


def _change(console: Console, verb: str, wish: JsonObject) -> int:
    with running_host(console) as client:
        done = client.ask(verb, wish, RENEW_S)
    if console.json:
        console.document("stellatune.chain-change/1", {"live": True, **done})
        return 0
    console.result(change_line(done))
    for effect in objects(done, "effects"):
        console.result(effect_line(effect))
    return 0


def change_line(done: JsonObject) -> str:
    """``remove warm  at frame 882000  0 frames lost, 64 skipped``"""
    shifts = "".join(
        f", {text(done, member)} {word}"
        for member, word in (("frames_repeated", "heard again"), ("frames_skipped", "skipped"))
        if done.get(member)
    )
    if done.get("position") is None:
        return f"{text(done, 'action')} {text(done, 'name')}  for what plays next"
    return (
        f"{text(done, 'action')} {text(done, 'name')}  at frame {text(done, 'position')}"
        f"  {text(done, 'frames_lost')} frames lost{shifts}"
    )
