"""The exception tree: the picture in the file is the tree, and every branch ends a command in its own way."""

from __future__ import annotations

import re

from host import errors
from host.errors import MediaError, PluginRefused, StellaError


def family(top: type[StellaError]) -> list[type[StellaError]]:
    return [top, *(each for child in top.__subclasses__() for each in family(child))]


def ours() -> list[type[StellaError]]:
    return [each for each in family(StellaError) if each.__module__ == errors.__name__]


def test_the_picture_is_the_tree() -> None:
    drawn: dict[str, str] = {}
    line_of: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ([│├└─ ]*)([A-Z]\w+)", line)
        if match:
            depth = len(match.group(1)) // 4
            line_of[depth:] = [match.group(2)]
            drawn[match.group(2)] = line_of[depth - 1] if depth else "Exception"
    assert drawn == {each.__name__: each.__mro__[1].__name__ for each in ours()}
    assert sorted(drawn) == sorted(errors.__all__)


def test_exit_codes_are_those_of_the_command_line() -> None:
    assert {each.exit_code for each in ours()} <= {1, 2, 3, 4, 5, 7, 8, 9}
    assert len({each.default_code for each in ours()}) == len(ours())


def test_one_line_with_the_remedy() -> None:
    error = MediaError("song.flac: no such file", remedy="check the name", details={"index": 2})
    assert str(error) == "song.flac: no such file (check the name)"
    assert (error.code, error.remedy, error.details) == ("media", "check the name", {"index": 2})


def test_a_refusal_knows_status_and_call() -> None:
    error = PluginRefused("gain: bad value", status=1, call="create")
    assert (error.status, error.call, error.exit_code) == (1, "create", 7)
