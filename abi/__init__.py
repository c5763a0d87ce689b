"""Both contracts of the project: the C ABI between runtime and plugins, and the wire between host and workers.

Owns definitions only. It must never hold behaviour of either side.
"""

__all__: list[str] = []
