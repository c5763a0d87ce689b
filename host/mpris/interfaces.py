"""The two interfaces of MPRIS 2.2 over a desk. Names, types and what nothing may be asked for are the specification's.

https://specifications.freedesktop.org/mpris-spec/2.2/
"""

# No annotations from the future: the library reads these as values, and does not know the text "None".
from collections.abc import Awaitable
from dataclasses import replace
from typing import Annotated

from dbus_fast import DBusError, PropertyAccess, Variant
from dbus_fast.annotations import (
    DBusBool,
    DBusDict,
    DBusDouble,
    DBusInt64,
    DBusObjectPath,
    DBusSignature,
    DBusStr,
)
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from host.errors import StellaError
from host.jsontext import JsonObject
from host.mpris.desk import MprisDesk
from host.mpris.properties import LOOPS, Shown, shown

__all__ = ["PlayerInterface", "RootInterface", "signalled"]

_Texts = Annotated[list[str], DBusSignature("as")]
_READ = PropertyAccess.READ


async def _done(work: "Awaitable[JsonObject | None]") -> None:
    try:
        await work
    except StellaError as error:
        raise DBusError(f"org.stellatune.Error.{error.code}", str(error)) from error


class RootInterface(ServiceInterface):
    """The program."""

    def __init__(self, desk: MprisDesk) -> None:
        super().__init__("org.mpris.MediaPlayer2")
        self._desk = desk

    @dbus_method()
    def Raise(self) -> None:  # noqa: N802
        """There is no window."""

    @dbus_method()
    def Quit(self) -> None:  # noqa: N802
        """Ends the host."""
        self._desk.stop()

    @dbus_property(access=_READ)
    def CanQuit(self) -> DBusBool:  # noqa: N802
        """Whether ``Quit`` does anything."""
        return True

    @dbus_property(access=_READ)
    def CanRaise(self) -> DBusBool:  # noqa: N802
        """Whether ``Raise`` does anything."""
        return False

    @dbus_property(access=_READ)
    def HasTrackList(self) -> DBusBool:  # noqa: N802
        """Whether there is the interface for that."""
        return False

    @dbus_property(access=_READ)
    def Identity(self) -> DBusStr:  # noqa: N802
        """What people call it."""
        return "StellaTune"

    @dbus_property(access=_READ)
    def SupportedUriSchemes(self) -> _Texts:  # noqa: N802
        """What ``OpenUri`` takes."""
        return ["file"]

    @dbus_property(access=_READ)
    def SupportedMimeTypes(self) -> _Texts:  # noqa: N802
        """The plugins decide."""
        return ["audio/flac", "audio/mpeg", "audio/ogg", "audio/x-wav"]


class PlayerInterface(ServiceInterface):
    """The transport."""

    def __init__(self, desk: MprisDesk) -> None:
        super().__init__("org.mpris.MediaPlayer2.Player")
        self._desk = desk

    def look(self) -> Shown:
        """What is to be shown at this moment."""
        playback = self._desk.status().get("playback")
        return shown(playback if isinstance(playback, dict) else {})

    @dbus_method()
    async def Next(self) -> None:  # noqa: N802
        """To the next track."""
        await _done(self._desk.music.next())

    @dbus_method()
    async def Previous(self) -> None:  # noqa: N802
        """To the begin of this track, or to the one before."""
        await _done(self._desk.music.previous())

    @dbus_method()
    async def Pause(self) -> None:  # noqa: N802
        """Stands still."""
        await _done(self._desk.music.pause())

    @dbus_method()
    async def PlayPause(self) -> None:  # noqa: N802
        """The one or the other."""
        await _done(self._desk.music.toggle())

    @dbus_method()
    async def Stop(self) -> None:  # noqa: N802
        """Ends the playback."""
        await _done(self._desk.music.stop())

    @dbus_method()
    async def Play(self) -> None:  # noqa: N802
        """Begins, or goes on."""
        await _done(self._desk.music.play())

    @dbus_method()
    async def Seek(self, offset: DBusInt64) -> None:  # noqa: N802
        """So many microseconds on, or back; beyond the end is the next track."""
        now = self.look()
        if now.length_us is not None and now.position_us + offset > now.length_us:
            await _done(self._desk.music.next())
        elif now.can_seek:
            await _done(self._desk.music.seek(to_s=None, by_s=offset / 1e6, percent=None))

    @dbus_method()
    async def SetPosition(self, track_id: DBusObjectPath, position: DBusInt64) -> None:  # noqa: N802
        """To there, if that track is still the one that plays and has such a place; else nothing happens."""
        now = self.look()
        fits = position >= 0 and (now.length_us is None or position <= now.length_us)
        if now.can_seek and track_id == now.track_id and fits:
            await _done(self._desk.music.seek(to_s=position / 1e6, by_s=None, percent=None))

    @dbus_method()
    async def OpenUri(self, uri: DBusStr) -> None:  # noqa: N802
        """Plays what that leads to."""
        await _done(self._desk.play_uri(uri))

    @dbus_signal()
    def Seeked(self, position_us: int) -> DBusInt64:  # noqa: N802
        """The position changed other than by playing."""
        return position_us

    @dbus_property(access=_READ)
    def PlaybackStatus(self) -> DBusStr:  # noqa: N802
        """Playing, Paused or Stopped."""
        return self.look().playback_status

    @dbus_property()
    def LoopStatus(self) -> DBusStr:  # noqa: N802
        """None, Track or Playlist."""
        return self.look().loop_status

    @LoopStatus.setter  # type: ignore[no-redef]  # a pair, as with property
    def LoopStatus(self, value: DBusStr) -> None:  # noqa: N802
        repeat = next((mode for mode, word in LOOPS.items() if word == value), None)
        if repeat is None:
            raise DBusError("org.freedesktop.DBus.Error.InvalidArgs", f"nothing loops {value!r}")
        self._desk.queue.set_modes(replace(self._desk.queue.modes, repeat=repeat))

    @dbus_property()
    def Shuffle(self) -> DBusBool:  # noqa: N802
        """Whether the order is random."""
        return self.look().shuffle

    @Shuffle.setter  # type: ignore[no-redef]  # a pair, as with property
    def Shuffle(self, value: DBusBool) -> None:  # noqa: N802
        self._desk.queue.set_modes(replace(self._desk.queue.modes, shuffle=value))

    @dbus_property()
    def Volume(self) -> DBusDouble:  # noqa: N802
        """Linear, 0 to 1."""
        return self.look().volume

    @Volume.setter  # type: ignore[no-redef]  # a pair, as with property
    async def Volume(self, value: DBusDouble) -> None:  # noqa: N802
        percent = min(max(value, 0.0), 1.0) * 100  # the specification: negative is 0
        await _done(self._desk.music.set_volume(db=None, by_db=None, percent=percent))

    @dbus_property()
    def Rate(self) -> DBusDouble:  # noqa: N802
        """There is one speed."""
        return 1.0

    @Rate.setter  # type: ignore[no-redef]  # a pair, as with property
    def Rate(self, _value: DBusDouble) -> None:  # noqa: N802
        """The specification: what is beyond the bounds is not tried."""

    @dbus_property(access=_READ)
    def MinimumRate(self) -> DBusDouble:  # noqa: N802
        """There is one speed."""
        return 1.0

    @dbus_property(access=_READ)
    def MaximumRate(self) -> DBusDouble:  # noqa: N802
        """There is one speed."""
        return 1.0

    @dbus_property(access=_READ)
    def Metadata(self) -> DBusDict:  # noqa: N802
        """The track."""
        return _variants(self.look())

    @dbus_property(access=_READ)
    def Position(self) -> DBusInt64:  # noqa: N802
        """In the track, in microseconds."""
        return self.look().position_us

    @dbus_property(access=_READ)
    def CanGoNext(self) -> DBusBool:  # noqa: N802
        """Whether there is a queue."""
        return self.look().can_play

    @dbus_property(access=_READ)
    def CanGoPrevious(self) -> DBusBool:  # noqa: N802
        """Whether there is a queue."""
        return self.look().can_play

    @dbus_property(access=_READ)
    def CanPlay(self) -> DBusBool:  # noqa: N802
        """Whether there is a queue."""
        return self.look().can_play

    @dbus_property(access=_READ)
    def CanPause(self) -> DBusBool:  # noqa: N802
        """Whether there is a queue."""
        return self.look().can_play

    @dbus_property(access=_READ)
    def CanSeek(self) -> DBusBool:  # noqa: N802
        """Whether a track is there."""
        return self.look().can_seek

    @dbus_property(access=_READ)
    def CanControl(self) -> DBusBool:  # noqa: N802
        """Whether all this does anything."""
        return True


def signalled(now: Shown) -> dict[str, object]:
    """The properties whose changes are told, as values of theirs."""
    can = dict.fromkeys(("CanGoNext", "CanGoPrevious", "CanPlay", "CanPause"), now.can_play)
    return {
        "PlaybackStatus": now.playback_status,
        "LoopStatus": now.loop_status,
        "Shuffle": now.shuffle,
        "Volume": now.volume,
        "Metadata": _variants(now),
        "CanSeek": now.can_seek,
        **can,
    }


def _variants(now: Shown) -> dict[str, Variant]:
    return {name: Variant(signature, value) for name, signature, value in now.metadata}
