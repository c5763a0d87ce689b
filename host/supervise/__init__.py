"""Watching workers from outside: what stands still is ended, so that nobody waits for it for ever.

Owns no worker. It must never touch a plugin, and never decide what follows a death.
"""

from host.supervise.watcher import Watcher

__all__ = ["Watcher"]
