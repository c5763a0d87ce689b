"""One change to a TOML text; all else in it, comments and order included, stays as it is.

Whatever the editor makes of an odd text: the result is read again, and counts only when exactly the change is in it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, MutableMapping, Sequence
from typing import TypeAlias

import tomlkit
from tomlkit.exceptions import TOMLKitError

from host.errors import ConfigRejected, Usage
from host.jsontext import Json, JsonObject
from host.settings.lines import KeyPath

__all__ = ["with_members", "with_value", "without"]

#: A table of either reader. The change is made to both: to the text, and to the values that must come out of it.
Table: TypeAlias = MutableMapping[str, object]
Make: TypeAlias = Callable[[bool], object]
Convert: TypeAlias = Callable[[Json], object]
Change: TypeAlias = Callable[[Table, Make, Convert], None]


def with_value(text: str, path: KeyPath, value: Json) -> str:
    """The text with a value in the place that the path leads to, tables made where there are none.

    Raises:
        ConfigRejected: TOML cannot hold the value. Usage: the text is not TOML, or its form does not allow the change.
    """
    *tables, name = path

    def change(document: Table, make: Make, convert: Convert) -> None:
        _table(document, tables, make)[name] = convert(value)

    return _changed(text, path, change)


def with_members(text: str, path: KeyPath, members: JsonObject) -> str:
    """The text with exactly these members in the table that the path leads to. Raises as ``with_value``."""

    def change(document: Table, make: Make, convert: Convert) -> None:
        table = _table(document, path, make)
        for name in [each for each in table if each not in members]:
            del table[name]
        for name, value in members.items():
            table[name] = convert(value)

    return _changed(text, path, change)


def without(text: str, path: KeyPath) -> str:
    """The text without what the path leads to; the same text where there is nothing.

    Raises:
        Usage: the text is not TOML, or its form does not allow the change.
    """
    *tables, name = path
    inside: object = _parsed(text)
    for each in path:
        if not isinstance(inside, dict) or each not in inside:
            return text
        inside = inside[each]

    def change(document: Table, make: Make, _convert: Convert) -> None:
        del _table(document, tables, make)[name]

    return _changed(text, path, change)


def _changed(text: str, path: KeyPath, change: Change) -> str:
    expected = _parsed(text)
    change(expected, lambda _is_last: {}, lambda value: value)
    try:
        document = tomlkit.parse(text)
        change(document, _new_table, _item)
        made = tomlkit.dumps(document)
        made.encode("utf-8")
        fits = _same(_bare(tomllib.loads(made), path), _bare(expected, path))
    except UnicodeEncodeError as error:
        raise ConfigRejected(
            f"{'.'.join(path)}: a text in it is not Unicode, so no file can hold it", remedy="leave out lone surrogates"
        ) from error
    except (TOMLKitError, tomllib.TOMLDecodeError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _too_odd(path) from error
    if not fits:
        raise _too_odd(path)
    return made


def _too_odd(path: KeyPath) -> Usage:
    return Usage(f"{'.'.join(path)} cannot be changed in the form the file has", remedy="change the file by hand")


def _parsed(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Usage(f"it cannot be read, so it is not changed: {error}", remedy="mend the file first") from error


def _table(document: Table, path: Sequence[str], make: Make) -> Table:
    """The table a path leads to, made with all above it where there is none."""
    table = document
    for depth, name in enumerate(path, start=1):
        if name not in table:
            table[name] = make(depth == len(path))
        inside = table[name]
        if not isinstance(inside, MutableMapping):
            raise Usage(
                f"{'.'.join(path[:depth])} is no table, so nothing is saved in it", remedy="mend the file first"
            )
        table = inside
    return table


def _new_table(is_last: bool) -> object:
    return tomlkit.table(is_super_table=not is_last)


def _item(value: Json) -> object:
    """A value as the editor holds it, in one line."""
    if value is None:
        raise ConfigRejected("TOML has no null, so it cannot be saved", remedy="`config unset` leaves a value out")
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for name, each in value.items():
            table.append(name, _item(each))
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        for each in value:
            array.append(_item(each))
        return array
    return tomlkit.item(value)


def _bare(values: Table, path: Sequence[str]) -> Table:
    """Without tables on the path that hold nothing: the editor may leave out their heads when it takes out the last."""
    inside = values.get(path[0]) if path else None
    if isinstance(inside, dict) and not _bare(inside, path[1:]):
        del values[path[0]]
    return values


def _same(one: object, other: object) -> bool:
    """Equal in values and types; NaN is NaN."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(each, other[name]) for name, each in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and repr(one) == repr(other)
