"""Face of the compiled module that ``build_core.py`` describes: raw pointers, for the rooms that carry SAFETY lines."""

from typing import Any

ffi: Any
lib: Any
