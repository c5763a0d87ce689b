"""The capabilities as typed proxies over instances, and the choice among decoders.

Here plugins' answers become facts of the host: every number and text is checked. It owns no process and no ring.
"""

from host.capabilities.decoder import Decoder
from host.capabilities.dsp import Dsp
from host.capabilities.selection import Candidate, extension_of, known_extensions, select_decoders
from host.capabilities.sink import Sink, Target
from host.capabilities.stage import Stage

__all__ = [
    "Candidate",
    "Decoder",
    "Dsp",
    "Sink",
    "Stage",
    "Target",
    "extension_of",
    "known_extensions",
    "select_decoders",
]
