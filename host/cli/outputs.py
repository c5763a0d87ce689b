"""``stellatune outputs``: where sound can go. Every sink is asked in a worker; one that fails is named."""

from __future__ import annotations

from pathlib import Path

import click

from abi.kinds import CapabilityKind
from host.app import Application, stage
from host.capabilities import Sink
from host.cli.chain_options import OutputOption, parse_output
from host.cli.checkup import Finding, State
from host.cli.completing import output_types
from host.cli.console import Console, plain
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.params import parsed
from host.cli.rows import objects, text
from host.cli.session import application
from host.cli.talking import ANSWER_S, RENEW_S, running_host
from host.errors import StellaError
from host.jsontext import Json, JsonObject
from host.packages import CapabilityManifest, PluginManifest, config_in_force

__all__ = ["device_finding", "outputs", "without_device"]

#: The output that plays through PortAudio.
DEVICE_OUTPUT = "system"


@click.group()
def outputs() -> None:
    """Where sound can go."""


@outputs.command("list")
@click.pass_obj
def list_outputs(console: Console) -> int:
    """All targets of all output plugins, as --output takes them."""

    async def work(_interrupts: Interrupts) -> int:
        rows: list[Json] = []
        async with application(console) as app:
            for plugin in app.discovery.plugins.values():
                for capability in plugin.capabilities:
                    if capability.kind is CapabilityKind.OUTPUT_SINK:
                        rows += await _targets(app, plugin, capability, console)
        if console.json:
            console.document("stellatune.outputs/1", {"targets": rows})
        return 0

    return run_interruptible(work)


@outputs.command("set")
@click.argument(
    "option", metavar="TYPE[:TARGET]", type=parsed("TYPE[:TARGET]", parse_output), shell_complete=output_types
)
@click.pass_obj
def set_output(console: Console, option: OutputOption) -> int:
    """What plays goes on into another output: a device fades over, a file that was written is complete."""
    with running_host(console) as client:
        (plugin,) = objects(client.ask("plugins.list", {"id": option.type_name}, ANSWER_S), "plugins")
        wish: JsonObject = {"type": option.type_name, "target": _from_here(plugin, option.target)}
        done = client.ask("outputs.set", wish, RENEW_S)
    if console.json:
        console.document("stellatune.output-change/1", {"live": True, **done})
    elif done.get("position") is None:
        console.result(f"{text(done, 'new')}  for what plays next")
    else:
        console.result(
            f"{text(done, 'old')} -> {text(done, 'new')}  gen {text(done, 'generation')}  pid {text(done, 'pid')}"
            f"  from frame {text(done, 'position')}  {text(done, 'frames_lost')} frames lost"
        )
    return 0


def _from_here(plugin: JsonObject, target: str | None) -> str | None:
    """A file is named from the root on: the host may be elsewhere."""
    for capability in objects(plugin, "capabilities"):
        schema = capability.get("target_schema")
        properties = schema.get("properties") if isinstance(schema, dict) else None
        if target is not None and isinstance(properties, dict) and "path" in properties:
            return str(Path(target).absolute())
    return target


async def _targets(
    app: Application, plugin: PluginManifest, capability: CapabilityManifest, console: Console
) -> list[Json]:
    try:
        config = config_in_force(plugin, capability, app.settings.plugins)
        instance = await app.runtime.create(plugin.id, capability.kind, capability.type_id, config)
        try:
            targets = await Sink(instance).list_targets()
        finally:
            await instance.destroy()
    except StellaError as error:
        console.warn(f"{plugin.id}: {error}")
        return []
    rows: list[Json] = []
    for target in targets:
        address = _address(capability, target.id)
        rows.append(
            {
                "output": address,
                "plugin": plugin.id,
                "type": capability.type_id,
                "id": target.id,
                "name": target.name,
                "default": target.is_default,
            }
        )
        if not console.json:
            console.result(f"{plain(address):40} {plain(target.name)}{' (default)' if target.is_default else ''}")
    return rows


def _address(capability: CapabilityManifest, target_id: str) -> str:
    """The target as --output takes it."""
    properties = (capability.target_schema or {}).get("properties", {})
    if isinstance(properties, dict) and "path" in properties:
        return f"{capability.type_id}:PATH"
    return capability.type_id if target_id == capability.type_id else f"{capability.type_id}:{target_id}"


async def device_finding(app: Application) -> Finding:
    """Whether a sound device can be had through the system output."""
    missing = await without_device(app)
    if missing:
        return Finding("device", State.WARNING, f"no sound device: {missing}", "render and --output file: work without")
    return Finding("device", State.GOOD, "a sound device is there")


async def without_device(app: Application) -> str:
    """Why nothing can be heard here; empty when something can."""
    try:
        plugins, saved = app.discovery.plugins, app.settings.plugins
        spec = stage("output", CapabilityKind.OUTPUT_SINK, DEVICE_OUTPUT, None, plugins, saved)
        instance = await app.runtime.create(spec.plugin_id, CapabilityKind.OUTPUT_SINK, spec.type_id, spec.config)
        try:
            targets = await Sink(instance).list_targets()
        finally:
            await instance.destroy()
    except StellaError as error:
        return error.message
    return "" if targets else "PortAudio lists none"
