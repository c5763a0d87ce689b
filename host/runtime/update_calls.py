"""The calls of a configuration update on one live instance: ask it, tell it, hand its state to another one."""

from __future__ import annotations

from abi.kinds import ConfigUpdateCost, ConfigUpdateMode
from abi.wire import ApplyUpdate, ExportState, ImportState, PlanUpdate, StateForm
from host.errors import PluginRefused
from host.jsontext import JsonObject
from host.records import record
from host.runtime.file_grants import FileGrants
from host.runtime.instances import Instance
from host.runtime.plugin_json import json_payload

__all__ = ["Plan", "apply_update", "hand_over", "plan_update"]

#: How much longer than a cheap one an update may take.
_PATIENCE = {ConfigUpdateCost.LOW: 1.0, ConfigUpdateCost.MEDIUM: 2.0, ConfigUpdateCost.HIGH: 5.0}
_NO_FILES = FileGrants()
_MAX_POSITION = 1 << 62


@record
class Plan:
    """How a configuration would be taken. ``reason`` is the plugin's own, and may be empty."""

    mode: ConfigUpdateMode
    cost: ConfigUpdateCost
    reason: str = ""


async def plan_update(instance: Instance, config: JsonObject) -> Plan:
    """Asks how the instance would take a configuration; nothing changes.

    Raises:
        PluginRefused: it cannot say. ProtocolViolated: there is no such plan; and what ``Instance.request`` raises.
    """
    planned = await instance.request(PlanUpdate(instance.id, json_payload(config)), instance.limits.update_ms / 1000)
    try:
        return Plan(ConfigUpdateMode(planned.mode), ConfigUpdateCost(planned.cost), planned.reason)
    except ValueError:
        raise instance.worker.condemn(f"{instance}: plan {planned.mode} at cost {planned.cost} is none") from None


async def apply_update(
    instance: Instance, config: JsonObject, config_gen: int, cost: ConfigUpdateCost, files: FileGrants = _NO_FILES
) -> int:
    """The instance takes the configuration in place; says from which position on it holds. The files stay the caller's.

    Raises:
        PluginRefused: the old one stays in force; and what ``Instance.request`` raises.
    """
    message = ApplyUpdate(instance.id, json_payload(config), config_gen, files.values)
    limit_s = instance.limits.update_ms / 1000 * _PATIENCE[cost]
    applied = await instance.request(message, limit_s, files.fds)
    if not 0 <= applied.position < _MAX_POSITION:
        raise instance.worker.condemn(f"{instance}: apply: position {applied.position} is impossible")
    instance.took(config)
    return applied.position


async def hand_over(old: Instance, new: Instance) -> str:
    """The running state of one instance goes to a fresh one with another configuration; says why it did not, if so.

    Raises:
        Supervised: one of the two did not survive it.
    """
    limit_s = old.limits.update_ms / 1000
    try:
        state = await old.request(ExportState(old.id), limit_s)
    except PluginRefused as refusal:
        return refusal.message
    try:
        form = StateForm(state.form)
    except ValueError:
        raise old.worker.condemn(f"{old}: a state of form {state.form} is none") from None
    if form is StateForm.NONE:
        return "it keeps no state"
    inherited = await new.request(ImportState(new.id, form, state.data), limit_s)
    return "" if inherited.taken else inherited.reason or "it takes no such state"
