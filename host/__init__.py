"""The control plane: starts workers, knows everything, loads no plugin and never touches audio."""

__all__: list[str] = []
