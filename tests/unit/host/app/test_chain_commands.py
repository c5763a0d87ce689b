"""What the chain commands refuse before they ask anybody, whichever client the wish comes from."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from host.app.chain_commands import ChainCommands
from host.errors import Usage
from host.packages import discover, search_path
from host.playback import Player
from host.settings import NOTHING_SAVED, Paths


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is none for an effect"),
        ("x y", "is none for an effect"),
        ("a.b", "is none for an effect"),
        ("\x1b[31mred", "is none for an effect"),
        ("output", "is that of another stage"),
        ("decoder", "is that of another stage"),
    ],
)
def test_no_effect_gets_a_name_that_it_could_not_be_told_by(name: str, why: str) -> None:
    player = cast("Player", object())  # nothing may be asked of it
    commands = ChainCommands(discover(search_path(Paths.of_user())), lambda: player, NOTHING_SAVED, open_s=1.0)
    with pytest.raises(Usage, match=why):
        asyncio.run(commands.add("gain", name, None, at=None, before=None, after=None))
