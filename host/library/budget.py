"""How many of its deaths a decoder is forgiven in one scan: pure.

A death is charged to the file that was read, never to the plugin: a folder of damaged files must not end the scan of
the good ones. But a plugin that dies of one file after the other would make a scan endless, each death costing a new
process. So it has a purse: a death takes a coin, what it reads puts a part of one back. A decoder that reads eight of
nine files never runs out; one that dies of all of them is passed over after ``COINS``.
"""

from __future__ import annotations

from host.ids import PluginId

__all__ = ["COINS", "DeathBudget"]

COINS = 32.0
PER_FILE = 0.125


class DeathBudget:
    """Of all decoders in one scan."""

    def __init__(self) -> None:
        self._left: dict[PluginId, float] = {}

    def read(self, plugin_id: PluginId, files: int) -> None:
        """It got through so many files alive."""
        if self.allows(plugin_id):
            self._left[plugin_id] = min(COINS, self._left.get(plugin_id, COINS) + files * PER_FILE)

    def died(self, plugin_id: PluginId) -> bool:
        """One death more; whether it was the one too many."""
        before = self._left.get(plugin_id, COINS)
        self._left[plugin_id] = before - 1
        return before >= 1 > before - 1

    def allows(self, plugin_id: PluginId) -> bool:
        """Whether it is still given files."""
        return self._left.get(plugin_id, COINS) >= 1
