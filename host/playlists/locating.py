"""Where the names in a playlist lead: paths beside it, absolute ones, URIs, and what others write. Pure."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote

from host.errors import MediaError
from host.where import SourceTrack, Where, source_track

__all__ = ["is_uri", "locate", "name_of", "uri_of"]

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|file:/", re.IGNORECASE)
#: Not cut at ``#`` and ``?``: those who forget to escape a name mean the name.
_LOCAL = re.compile(r"file:(?://(?:localhost)?)?(/[^/].*)", re.IGNORECASE)


def is_uri(name: str) -> bool:
    """Whether it is a URI rather than a path."""
    return _URI.match(name) is not None


def locate(folder: Path, name: str) -> tuple[Where, ...]:
    """What a name in a playlist in ``folder`` can mean, the likeliest first. Raises: MediaError for no name at all.

    A backslash may belong to a name, or come from a system where it parts folders.
    """
    if not is_uri(name):
        path = folder / name
        return (path, folder / name.replace("\\", "/")) if "\\" in name else (path,)
    local = _LOCAL.fullmatch(name)
    if local is None:
        try:
            return (source_track(name),)
        except ValueError as error:
            raise MediaError(f"{name}: {error}", remedy="`stellatune sources browse` prints such names") from error
    return (Path(_unquoted(local[1])),)


def name_of(reference: str) -> str:
    """Of a reference in XSPF: one without a scheme is a path in the writing of URIs."""
    return reference if is_uri(reference) else _unquoted(reference)


def uri_of(where: Where) -> str:
    """As a URI; of an absolute path its bytes, whatever they are."""
    return where.uri if isinstance(where, SourceTrack) else "file://" + quote_from_bytes(bytes(where))


def _unquoted(text: str) -> str:
    return unquote(text, errors="surrogateescape")
