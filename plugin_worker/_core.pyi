"""Face of the compiled module that ``build_core.py`` describes: raw pointers, for the rooms that carry SAFETY lines."""

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

class _Ffi:
    def def_extern(self, name: str = ...) -> Callable[[F], F]: ...
    def __getattr__(self, name: str) -> Any: ...

ffi: _Ffi
lib: Any
