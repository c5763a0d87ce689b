"""``stellatune outputs``: where sound can go. Every sink is asked in a worker; one that fails is named."""

from __future__ import annotations

import click

from abi.kinds import CapabilityKind
from host.app import Application
from host.capabilities import Sink
from host.cli.checkup import Finding, State
from host.cli.console import Console, plain
from host.cli.interrupts import Interrupts, run_interruptible
from host.cli.session import application
from host.cli.wiring import stage
from host.errors import StellaError
from host.jsontext import Json
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
