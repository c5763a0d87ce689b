"""One worker process each: started, asked with deadlines, listened to, ended. Knows nothing of what plugins are for.

Owns the processes, their sockets, output pipes and status pages. It must never block the event loop, and never decide
what a death means.
"""

from host.worker.handle import WorkerHandle
from host.worker.in_progress import instance_of
from host.worker.kill import KillKind
from host.worker.maps import Mapping
from host.worker.private_copy import MAPPED_NAME, PrivateCopy, copy_library
from host.worker.process import ExitStatus
from host.worker.spawn import Starter, spawn
from host.worker.spec import WorkerSpec
from host.worker.zygote import Zygote

__all__ = [
    "MAPPED_NAME",
    "ExitStatus",
    "KillKind",
    "Mapping",
    "PrivateCopy",
    "Starter",
    "WorkerHandle",
    "WorkerSpec",
    "Zygote",
    "copy_library",
    "instance_of",
    "spawn",
]
