"""Generations and instances: what is loaded, what lives in it, and when its process may end.

The host is the system of record: everything here can be rebuilt without asking a worker. It must never decide what to
do about a fault: it asks the supervisor. It never knows what a capability is for.
"""

from host.runtime.control_requests import ControlRequests
from host.runtime.disabled import DisabledPlugins, Disablement
from host.runtime.file_grants import MAX_GRANTS, FileGrant, FileGrants
from host.runtime.generation import Phase
from host.runtime.instances import Instance, InstanceOrder
from host.runtime.lifecycle import Spawner
from host.runtime.origin import FileMark, mark_of
from host.runtime.plugin_json import MAX_LIST_BYTES, MAX_METADATA_BYTES, json_payload, parse_plugin_json
from host.runtime.plugin_runtime import CRASHES_FILE, GenerationStatus, PluginRuntime, Renewal
from host.runtime.update import Change, ConfigUpdates, Outcome, OutcomeKind, Updatable
from host.runtime.update_calls import Plan, apply_update, hand_over, plan_update

__all__ = [
    "CRASHES_FILE",
    "MAX_GRANTS",
    "MAX_LIST_BYTES",
    "MAX_METADATA_BYTES",
    "Change",
    "ConfigUpdates",
    "ControlRequests",
    "DisabledPlugins",
    "Disablement",
    "FileGrant",
    "FileMark",
    "FileGrants",
    "GenerationStatus",
    "Instance",
    "InstanceOrder",
    "Outcome",
    "OutcomeKind",
    "Phase",
    "Plan",
    "PluginRuntime",
    "Renewal",
    "Spawner",
    "Updatable",
    "apply_update",
    "hand_over",
    "json_payload",
    "mark_of",
    "parse_plugin_json",
    "plan_update",
]
