"""One process = one generation of one plugin. All that touches plugin code lives here, and nothing of the host."""

__all__: list[str] = []
