"""What instances of all kinds have in common: a handle, a vtable, a lane, and exactly one destroy."""

from __future__ import annotations

from plugin_worker._core import ffi
from plugin_worker.errors import LoadFault
from plugin_worker.ffi_calls import CData, invoke
from plugin_worker.lane import Lane, LaneHome

__all__ = ["Instance", "require"]


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

    def destroy(self) -> None:
        """Ends the instance; the second time nothing happens."""
        if self._alive:
            self._alive = False
            # SAFETY: the handle is live until this one call, and no pump runs: this is the lane's own thread.
            invoke(self.lane.native, "destroy", self.vtable.instance.destroy, self.handle)
