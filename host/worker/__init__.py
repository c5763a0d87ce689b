"""One worker process each: started, asked with deadlines, listened to, ended. Knows nothing of what plugins are for.

Owns the processes, their sockets, output pipes and status pages. It must never block the event loop, and never decide
what a death means.
"""

from host.worker.handle import WorkerHandle
from host.worker.log_tail import printable
from host.worker.process import ExitStatus
from host.worker.spawn import WORKER_PROGRAM, spawn
from host.worker.spec import WorkerSpec

__all__ = ["WORKER_PROGRAM", "ExitStatus", "WorkerHandle", "WorkerSpec", "printable", "spawn"]
