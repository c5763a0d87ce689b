"""Face of the compiled module that ``build_scan.py`` describes."""

class _Lib:
    def st_wire_scan(self, data: bytes, len: int, max_depth: int, max_items: int) -> int: ...

lib: _Lib
