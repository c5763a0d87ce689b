"""The control socket of a running host: how it is found, who may speak, what can be asked.

Hosts import `host.control.server`, commands `host.control.client`; neither needs what the other imports. It never does
anything itself: every verb is the desk's, which the composition root offers.
"""

__all__: list[str] = []
