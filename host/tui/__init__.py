"""The full screen: what a running host does, live, and keys that steer it.

A client like any other: all it knows comes through the control socket, and it knows the words that the commands use for
it. It must never touch what the host is made of. Needs textual, which only ``app`` and the widgets import.
"""

__all__: list[str] = []
