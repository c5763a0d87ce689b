"""The face of the library for those who scan: a scan, a watch, and what these count.

Apart from the other one because workers, plugins and decoders come with it, and a search wants none of them.
"""

from host.library.ledger import CoverKeeper
from host.library.scanning import Scanning
from host.library.tally import Tally
from host.library.watch import POLL_S, Watch

__all__ = ["POLL_S", "CoverKeeper", "Scanning", "Tally", "Watch"]
