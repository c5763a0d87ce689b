"""Playlist files: from their bytes to what they list, and back.

Owns the formats and how playlists lead to each other. It must never touch a file itself, and never trust how long,
deep or well-formed a playlist is.
"""

from host.playlists.following import Found, PlaylistFiles, follow
from host.playlists.formats import WRITTEN_SUFFIXES, is_playlist, playlist_lines, read_playlist
from host.playlists.listed import NO_HINTS, Hints, Listed
from host.playlists.locating import is_uri, locate, uri_of

__all__ = [
    "NO_HINTS",
    "WRITTEN_SUFFIXES",
    "Found",
    "Hints",
    "Listed",
    "PlaylistFiles",
    "follow",
    "is_playlist",
    "is_uri",
    "locate",
    "playlist_lines",
    "read_playlist",
    "uri_of",
]
