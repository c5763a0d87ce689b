"""The capabilities as typed proxies over instances, and the choice among decoders.

Here plugins' answers become facts of the host: every number and text is checked. It owns no process and no ring; of
instances only those that answer questions.
"""

from host.capabilities.decoder import Decoder
from host.capabilities.dsp import Dsp
from host.capabilities.lyrics import Lyrics, Words
from host.capabilities.mix import Crossing, Mix
from host.capabilities.query_cache import QueryCache
from host.capabilities.query_owner import QueryOwner
from host.capabilities.scanner import MOST_FILES, FileToScan, Refusal, Scanned, Scanner
from host.capabilities.selection import Candidate, known_extensions, select_decoders
from host.capabilities.sink import Sink, Target
from host.capabilities.source import Item, ItemKind, OpenedStream, Page, Source
from host.capabilities.stage import Stage

__all__ = [
    "MOST_FILES",
    "Candidate",
    "Crossing",
    "Decoder",
    "Dsp",
    "FileToScan",
    "Item",
    "ItemKind",
    "Lyrics",
    "Mix",
    "OpenedStream",
    "Page",
    "QueryCache",
    "QueryOwner",
    "Refusal",
    "Scanned",
    "Scanner",
    "Sink",
    "Source",
    "Stage",
    "Target",
    "Words",
    "known_extensions",
    "select_decoders",
]
