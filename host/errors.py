"""Every error the host raises on purpose. They branch by *reaction*: what the one who catches it should do.

    StellaError
    ├── PluginRefused               report: the plugin said no, in an orderly way
    ├── Supervised                  supervise: the worker is no longer to be trusted
    │   ├── WorkerLost                the process is gone
    │   ├── RequestTimeout            it did not answer in time
    │   └── ProtocolViolated          it answered what cannot be
    ├── Misuse                      raise: our own caller did what must not be done
    │   ├── ConcurrentCall            a second call on an instance that is in one
    │   └── GenerationDraining        a new instance of a generation that only ends
    ├── PackageError                tell the user: this plugin cannot be had
    │   ├── ManifestError             its plugin.toml is wrong
    │   ├── IncompatibleVersion       it speaks another api_version; never counted as a fault
    │   ├── NotBuilt                  its library was left out of the build, for want of another
    │   ├── LoadFailed                its library or module cannot be loaded, or its tables are wrong
    │   ├── PluginQuarantined         it failed too often; it is left alone until then, or until a reset
    │   └── PluginDisabled            the user switched it off
    ├── ConfigRejected              tell the user: this configuration is not one
    ├── MediaError                  tell the user, go on with the next: cannot open, nothing decodes it
    ├── OutputError                 tell the user: no output, or it cannot take this
    ├── LibraryError                tell the user: the library's database cannot be had, or not be changed
    │   ├── LibraryBusy               another process writes to it, and did not come to an end
    │   ├── LibraryFull               no room on its file system; what stood there stands
    │   └── LibraryDamaged            its file is not whole; the next to open it sets it aside
    ├── NotFound                    tell the user: no such plugin, type, file, track
    ├── NotRunning                  tell the user: no host to talk to
    └── Usage                       tell the user: the command line makes no sense

A message is one line that names the thing; `remedy` says what to do about it. `exit_code` is the process exit code when
the error ends a command.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

__all__ = [
    "ConcurrentCall",
    "ConfigRejected",
    "GenerationDraining",
    "IncompatibleVersion",
    "LibraryBusy",
    "LibraryDamaged",
    "LibraryError",
    "LibraryFull",
    "LoadFailed",
    "ManifestError",
    "MediaError",
    "Misuse",
    "NotBuilt",
    "NotFound",
    "NotRunning",
    "OutputError",
    "PackageError",
    "PluginDisabled",
    "PluginQuarantined",
    "PluginRefused",
    "ProtocolViolated",
    "RequestTimeout",
    "StellaError",
    "Supervised",
    "Usage",
    "WorkerLost",
]


class StellaError(Exception):
    """Root of the tree. `code` is a stable word for programs; a class gives it unless the raiser knows better."""

    exit_code: ClassVar[int] = 1
    default_code: ClassVar[str] = "unexpected"

    def __init__(
        self, message: str, *, remedy: str = "", code: str = "", details: Mapping[str, str | int] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code or self.default_code
        self.details = dict(details or {})

    def __str__(self) -> str:
        return f"{self.message} ({self.remedy})" if self.remedy else self.message


class PluginRefused(StellaError):
    """The plugin answered a call with an error status. `status` is its StStatus code, `call` what was asked of it."""

    exit_code = 7
    default_code = "plugin_refused"

    def __init__(self, message: str, *, remedy: str = "", status: int = 0, call: str = "") -> None:
        super().__init__(message, remedy=remedy, details={"status": status, "call": call})
        self.status = status
        self.call = call


class Supervised(StellaError):
    """The worker failed, not the operation: a matter for the supervisor."""

    exit_code = 7
    default_code = "worker_failed"


class WorkerLost(Supervised):
    """The worker process is gone. ``own_doing``: it is known that nobody from outside ended it."""

    default_code = "worker_lost"

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        details: Mapping[str, str | int] | None = None,
        own_doing: bool = False,
    ) -> None:
        super().__init__(message, remedy=remedy, details=details)
        self.own_doing = own_doing


class RequestTimeout(Supervised):
    """The worker did not answer within the limit of the call."""

    exit_code = 9
    default_code = "timeout"


class ProtocolViolated(Supervised):
    """The worker, or the plugin in it, said something the contract rules out."""

    default_code = "protocol_violated"


class Misuse(StellaError):
    """A bug of the caller; never caught to go on."""

    default_code = "misuse"


class ConcurrentCall(Misuse):
    """One call at a time per instance: this would have been the second."""

    default_code = "concurrent_call"


class GenerationDraining(Misuse):
    """New instances come only from the active generation of their role."""

    default_code = "generation_draining"


class PackageError(StellaError):
    """The plugin package cannot be used."""

    exit_code = 7
    default_code = "package"


class ManifestError(PackageError):
    """plugin.toml is missing, unreadable or wrong; the message names file and key."""

    default_code = "manifest"


class IncompatibleVersion(PackageError):
    """Built for another api_version."""

    default_code = "incompatible"


class NotBuilt(PackageError):
    """Its library was left out of the build, for want of another one."""

    default_code = "not_built"


class LoadFailed(PackageError):
    """The library or module cannot be loaded."""

    default_code = "load_failed"


class PluginQuarantined(PackageError):
    """It failed too often, and is not started."""

    default_code = "quarantined"


class PluginDisabled(PackageError):
    """It was switched off."""

    default_code = "disabled"


class ConfigRejected(StellaError):
    """A configuration does not fit its schema, or the plugin rejected it."""

    exit_code = 8
    default_code = "config_rejected"


class MediaError(StellaError):
    """An input that cannot be played."""

    exit_code = 5
    default_code = "media"


class OutputError(StellaError):
    """An output that cannot be had, or fails."""

    exit_code = 5
    default_code = "output"


class LibraryError(StellaError):
    """The library's database cannot be had, or not be changed."""

    default_code = "library"


class LibraryBusy(LibraryError):
    """Somebody else has written to it for longer than one waits."""

    default_code = "library_busy"


class LibraryFull(LibraryError):
    """No room is left for it."""

    default_code = "library_full"


class LibraryDamaged(LibraryError):
    """Its file does not hold together."""

    default_code = "library_damaged"


class NotFound(StellaError):
    """No such thing."""

    exit_code = 4
    default_code = "not_found"


class NotRunning(StellaError):
    """No host is running that could be asked."""

    exit_code = 3
    default_code = "not_running"


class Usage(StellaError):
    """The request makes no sense as it was typed."""

    exit_code = 2
    default_code = "usage"
