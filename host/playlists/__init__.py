"""Playlist files: from their bytes to what they list, and back.

Owns the formats. It must never open what a playlist names, and never trust how long, deep or well-formed one is.
"""

from host.playlists.hints import NO_HINTS, Hints

__all__ = ["NO_HINTS", "Hints"]
