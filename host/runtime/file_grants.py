"""Files that the host has opened for an instance: a plugin names them, it never opens them."""

from __future__ import annotations

from host.errors import Misuse
from host.records import record

__all__ = ["MAX_GRANTS", "FileGrant", "FileGrants"]

#: Files for one instance; a worker keeps no more, and beside them a packet has room for its long payloads.
MAX_GRANTS = 14


@record
class FileGrant:
    """A string of the config or target, and the open descriptor it means, which stays the caller's."""

    value: str
    fd: int


@record
class FileGrants:
    """What goes along with a create or an open.

    Raises:
        Misuse: more than one packet can carry.
    """

    grants: tuple[FileGrant, ...] = ()

    def __post_init__(self) -> None:
        if len(self.grants) > MAX_GRANTS:
            raise Misuse(f"{len(self.grants)} files for one instance; {MAX_GRANTS} is the most")

    @property
    def values(self) -> tuple[str, ...]:
        """The strings, in the order of the descriptors."""
        return tuple(grant.value for grant in self.grants)

    @property
    def fds(self) -> tuple[int, ...]:
        """The descriptors, in the order of the strings."""
        return tuple(grant.fd for grant in self.grants)
