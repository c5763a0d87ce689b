"""The version, as a constant: reading the installed metadata would cost more than the rest of `--version`."""

__all__ = ["VERSION"]

VERSION = "0.1.0"
