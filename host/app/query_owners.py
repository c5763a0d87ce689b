"""Who holds the configurations of sources and lyrics providers: one owner a type, made when somebody asks first."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from abi.kinds import CapabilityKind
from host.capabilities import QueryCache, QueryOwner
from host.events import EventBus
from host.ids import PluginId, TypeId
from host.jsontext import JsonObject
from host.runtime import PluginRuntime

__all__ = ["QueryOwners"]


class QueryOwners:
    """Of one host. ``parts``: what they work with, once it is there; ``config_of``: what each begins with."""

    def __init__(
        self,
        parts: Callable[[], tuple[QueryCache, PluginRuntime]],
        bus: EventBus,
        config_of: Callable[[CapabilityKind, PluginId, TypeId], JsonObject],
    ) -> None:
        self._parts = parts
        self._bus = bus
        self._config_of = config_of
        self._owners: dict[tuple[PluginId, CapabilityKind, TypeId], QueryOwner] = {}

    def all(self) -> Iterable[QueryOwner]:
        """Those that were made."""
        return self._owners.values()

    def owner(self, plugin_id: PluginId, kind: CapabilityKind, type_id: TypeId) -> QueryOwner:
        """Of this type. Raises: NotFound."""
        key = (plugin_id, kind, type_id)
        if key not in self._owners:
            cache, runtime = self._parts()
            config = self._config_of(kind, plugin_id, type_id)
            self._owners[key] = QueryOwner(cache, runtime, self._bus, plugin_id, kind, type_id, config)
        return self._owners[key]

    async def close(self) -> None:
        """What is under way fails; twice is fine."""
        for owner in self._owners.values():
            await owner.close()
