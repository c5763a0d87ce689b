"""Face of the compiled module that ``build_core.py`` describes: raw pointers, for this room only."""

from typing import Any

ffi: Any
lib: Any
