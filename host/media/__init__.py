"""Media files and what they say of themselves: opened without ever holding up the loop, tags and covers as facts.

Knows no plugin, no playback and no library: these read through it.
"""

from host.media.covers import MAX_COVER_BYTES, Cover, read_cover
from host.media.files import OPEN_FLAGS, Media, open_regular, why_not
from host.media.tags import NO_TAGS, Loudness, Tags, read_tags

__all__ = [
    "MAX_COVER_BYTES",
    "NO_TAGS",
    "OPEN_FLAGS",
    "Cover",
    "Loudness",
    "Media",
    "Tags",
    "open_regular",
    "read_cover",
    "read_tags",
    "why_not",
]
