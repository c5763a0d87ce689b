"""Watching workers from outside: what stands still is ended; what died too often stays out for a while.

Owns no worker. It must never touch a plugin, and never start one.
"""

from host.supervise.policy import Quarantine, Restart, Rules, Standing, State, Verdict
from host.supervise.supervisor import Supervisor
from host.supervise.watcher import Watcher

__all__ = ["Quarantine", "Restart", "Rules", "Standing", "State", "Supervisor", "Verdict", "Watcher"]
