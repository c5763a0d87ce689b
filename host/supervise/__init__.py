"""Watching workers from outside: what stands still is ended, what died is examined, what died too often stays out.

Owns no worker. It must never touch a plugin, and never start one.
"""

from host.supervise.autopsy import Autopsy, Cause, examine
from host.supervise.history import CrashHistory
from host.supervise.policy import Quarantine, Restart, Rules, Standing, State, Verdict
from host.supervise.priority import put_back, step_back
from host.supervise.process_use import ProcessUse, use_of
from host.supervise.supervisor import Supervisor
from host.supervise.symbolise import symbolise
from host.supervise.watcher import Watcher

__all__ = [
    "Autopsy",
    "Cause",
    "CrashHistory",
    "ProcessUse",
    "Quarantine",
    "Restart",
    "Rules",
    "Standing",
    "State",
    "Supervisor",
    "Verdict",
    "Watcher",
    "examine",
    "put_back",
    "step_back",
    "symbolise",
    "use_of",
]
