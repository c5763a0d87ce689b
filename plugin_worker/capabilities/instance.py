"""What instances of all kinds have in common: a handle, a vtable, a lane, and exactly one destroy."""

from __future__ import annotations

from abi.kinds import ConfigUpdateCost, ConfigUpdateMode
from abi.wire import Applied, ApplyUpdate, ImportState, Inherited, Planned, State
from plugin_worker._core import ffi
from plugin_worker.capabilities.state import export_state, inherit_state
from plugin_worker.errors import ContractBroken, LoadFault, Misuse
from plugin_worker.ffi_calls import CData, borrow, call, copy_text, free_text, invoke
from plugin_worker.lane import Lane, LaneHome

__all__ = ["Instance", "require"]

MAX_REASON_BYTES = 1000


def require(vtable: CData, kind: str, *fields: str) -> None:
    """Refuses a vtable with a null pointer in a required place.

    Raises:
        LoadFault: names the field.
    """
    if vtable == ffi.NULL:
        raise LoadFault("create", f"the {kind} instance has no vtable")
    for field in (*fields, "instance.destroy"):
        function = vtable
        for name in field.split("."):
            function = getattr(function, name)
        if function == ffi.NULL:
            raise LoadFault("create", f"the {kind} vtable's {field} is null")


class Instance:
    """One live object of the plugin. Lane thread only."""

    def __init__(self, home: LaneHome, lane: Lane, ref: CData) -> None:
        """``ref`` is the filled ``St...InstanceRef``, its vtable checked."""
        self.home = home
        self.lane = lane
        self.handle: CData = ref.handle
        self.vtable: CData = ref.vtable
        self._alive = True

    def plan(self, config: bytes) -> Planned:
        """How it would take a configuration; nothing changes.

        Raises:
            PluginSaidNo: it cannot even say that.
            ContractBroken: there is no such way, or no such cost.
        """
        table = self.vtable.instance
        if table.plan_config_update_json_utf8 == ffi.NULL:
            return Planned(int(ConfigUpdateMode.RECREATE), int(ConfigUpdateCost.MEDIUM), "")
        text, keep = borrow(config)
        out = ffi.new("StConfigUpdatePlan *")
        call(self.lane.native, "plan", table.plan_config_update_json_utf8, self.handle, text, out)
        del keep
        reason = copy_text(out.reason_utf8, MAX_REASON_BYTES)
        free_text(self.lane.native, out.reason_utf8)
        try:
            mode, cost = ConfigUpdateMode(out.mode), ConfigUpdateCost(out.cost or ConfigUpdateCost.MEDIUM)
        except ValueError:
            raise ContractBroken("plan", f"mode {out.mode} at cost {out.cost} is no plan") from None
        if mode is ConfigUpdateMode.HOT_APPLY and table.apply_config_update_json_utf8 == ffi.NULL:
            raise ContractBroken("plan", "it would apply the configuration, but has no function for that")
        return Planned(int(mode), int(cost), reason)

    def apply(self, request: ApplyUpdate) -> Applied:
        """Takes a configuration in place; says from where on it holds.

        Raises:
            PluginSaidNo: it does not, and the old one stays in force.
        """
        function = self.vtable.instance.apply_config_update_json_utf8
        if function == ffi.NULL:
            raise Misuse("apply", f"instance {self.lane.instance} takes no configuration in place")
        text, keep = borrow(request.config)
        call(self.lane.native, "apply", function, self.handle, text)
        del keep
        return Applied(0)

    def export(self) -> State:
        """Its running state, for another one that takes its place."""
        return export_state(self.lane.native, self.vtable.instance, self.handle)

    def inherit(self, request: ImportState) -> Inherited:
        """Takes over what an instance with another configuration left, or says why not."""
        return inherit_state(self.lane.native, self.vtable.instance, self.handle, request.form, request.data)

    def destroy(self) -> None:
        """Ends the instance; the second time nothing happens."""
        if self._alive:
            self._alive = False
            # SAFETY: the handle is live until this one call, and no pump runs: this is the lane's own thread.
            invoke(self.lane.native, "destroy", self.vtable.instance.destroy, self.handle)
