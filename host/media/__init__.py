"""Media files and what they say of themselves: opened without ever holding up the loop, their tags as facts.

Knows no plugin, no playback and no library: these read through it.
"""

from host.media.files import OPEN_FLAGS, Media, open_media, open_regular, why_not
from host.media.tags import NO_TAGS, Loudness, Tags, read_tags

__all__ = [
    "NO_TAGS",
    "OPEN_FLAGS",
    "Loudness",
    "Media",
    "Tags",
    "open_media",
    "open_regular",
    "read_tags",
    "why_not",
]
