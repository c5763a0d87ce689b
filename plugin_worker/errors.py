"""How work in a worker fails; every branch becomes one ``Failed`` reply.

WorkerFault
    PluginSaidNo     the plugin returned a status other than OK
    LoadFault        the library cannot be loaded, or a table of it is wrong
    Incompatible     another api_version
    ContractBroken   the plugin broke the contract inside a call
    Misuse           the request makes no sense now
    ConcurrentCall   the instance is in a call, and a second one was kept from it
"""

from __future__ import annotations

from abi.wire import Failed, FaultKind

__all__ = ["ConcurrentCall", "ContractBroken", "Incompatible", "LoadFault", "Misuse", "PluginSaidNo", "WorkerFault"]


class WorkerFault(Exception):
    """Base: knows the reply it becomes."""

    KIND = FaultKind.INTERNAL

    def __init__(self, call: str, text: str, code: int = 0) -> None:
        """``call`` names what was being done; ``code`` is the plugin's status code where there is one."""
        super().__init__(text)
        self.call = call
        self.text = text
        self.code = code

    def reply(self) -> Failed:
        text = self.text.encode("utf-8", "replace").decode().replace("\0", " ")[:2000]
        return Failed(kind=self.KIND, code=self.code, call=self.call, text=text)


class PluginSaidNo(WorkerFault):
    """The plugin returned a status other than OK."""

    KIND = FaultKind.PLUGIN


class LoadFault(WorkerFault):
    """The library cannot be loaded, or a table of it is wrong."""

    KIND = FaultKind.LOAD


class Incompatible(WorkerFault):
    """Another api_version."""

    KIND = FaultKind.INCOMPATIBLE


class ContractBroken(WorkerFault):
    """The plugin broke the contract inside a call."""

    KIND = FaultKind.CONTRACT


class Misuse(WorkerFault):
    """The request makes no sense now."""

    KIND = FaultKind.MISUSE


class ConcurrentCall(WorkerFault):
    """The instance is in a call, and a second one was kept from it."""

    KIND = FaultKind.CONCURRENT
