"""Face of the compiled module that ``build_opening.py`` describes."""

from typing import Any

ffi: Any
lib: Any
