"""Which of the listed targets is meant: by its id, its name, or a part that fits one only."""

from __future__ import annotations

import pytest

from host.capabilities import Target
from host.errors import NotFound
from host.playback.named_target import meant

LISTED = [
    Target(identity, identity.split("/")[1], is_default=False, value={})
    for identity in ("ALSA/pulse", "ALSA/pulse two", "JACK/card", "ALSA/card", "ALSA/Headset Pro")
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("ALSA/card", "ALSA/card"),
        ("pulse", "ALSA/pulse"),
        ("pulse t", "ALSA/pulse two"),
        ("headset", "ALSA/Headset Pro"),
        ("jack/", "JACK/card"),
    ],
)
def test_the_nearest_meaning_counts(wanted: str, found: str) -> None:
    assert meant(wanted, LISTED) == found


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("card", "'card' may be any of: JACK/card, ALSA/card"),
        ("puls", "'puls' may be any of: ALSA/pulse, ALSA/pulse two"),
        ("tape", "no target is called 'tape'; there are: ALSA/pulse, ALSA/pulse two, JACK/card, ALSA/card, ALSA/Head"),
    ],
)
def test_what_is_not_clear_is_refused_with_what_there_is(wanted: str, words: str) -> None:
    with pytest.raises(NotFound) as refused:
        meant(wanted, LISTED)
    assert refused.value.message.startswith(words)
