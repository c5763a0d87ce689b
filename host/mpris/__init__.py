"""The host on the desktop's message bus, as MPRIS 2.2 says: media keys and panels steer it and show what plays.

A bus that is missing, hangs or ends never disturbs the host: all is done by one task, which begins anew later.
"""

from host.mpris.desk import MprisDesk
from host.mpris.presence import BUS_NAME, Presence

__all__ = ["BUS_NAME", "MprisDesk", "Presence"]
