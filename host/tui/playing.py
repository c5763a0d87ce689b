"""What is heard, as lines: state, track, place, modes and counts. Pure; the clock between two looks is the caller's."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from host.cli.clock import clock
from host.cli.rows import number, text
from host.jsontext import JsonObject
from host.records import record

__all__ = ["Heard", "bar", "fitted", "headline", "modes_line", "sung_line", "title_of"]

_MARKS = {"playing": "▶", "paused": "‖", "stopped": "■"}


@record
class Heard:
    """The ``playback`` of an answer, and when it came, in seconds of a monotonic clock."""

    playback: JsonObject
    at_s: float

    @property
    def state(self) -> str:
        """playing, paused or stopped; empty where nobody said."""
        return text(self.playback, "state") if self.playback else ""

    @property
    def track(self) -> JsonObject:
        """Of what is heard; empty where nothing is."""
        found = self.playback.get("track")
        return found if isinstance(found, dict) else {}

    @property
    def queue(self) -> JsonObject:
        """Length, modes, version and current entry."""
        found = self.playback.get("queue")
        return found if isinstance(found, dict) else {}

    @property
    def lost(self) -> str:
        """Why the output that plays is not heard; empty while it is."""
        output = self.playback.get("output")
        return text(output, "reason") if isinstance(output, dict) and output.get("state") == "lost" else ""

    @property
    def buffering(self) -> bool:
        """Whether nothing is heard until more bytes have come."""
        return self.playback.get("buffering") is True

    @property
    def total_s(self) -> float | None:
        """How long the track is, where that is known."""
        return number(self.track, "total_s")

    def done_s(self, now_s: float) -> float | None:
        """How much of it was heard at that time of the same clock; it stands while nothing moves."""
        done_s = number(self.track, "done_s")
        if done_s is None:
            return None
        if self.state == "playing" and not self.lost and not self.buffering:
            done_s += max(0.0, now_s - self.at_s)
        return done_s if self.total_s is None else min(done_s, self.total_s)


def title_of(row: JsonObject) -> str:
    """``Artist - Title`` of a track or an entry; the name of its file where no tag says more. Safe to print."""
    if not row.get("title"):
        return text(row, "label").rpartition("/")[2]
    return " - ".join(text(row, name) for name in ("artist", "title") if row.get(name))


def fitted(left: Text, right: Text, width: int) -> Text:
    """Both at their ends of one line; what finds no room is cut from the left one."""
    left = left.copy()
    left.truncate(max(0, width - cell_len(right.plain) - 1), overflow="ellipsis", pad=True)
    line = Text.assemble(left, " ", right, no_wrap=True)
    line.truncate(width)
    return line


def headline(heard: Heard, width: int) -> Text:
    """``▶ Artist - Title  Album``, and how loud."""
    mark = Text(f"{_MARKS.get(heard.state, ' ')} ", style="bold green" if heard.state == "playing" else "bold yellow")
    track = heard.track
    if track:
        album = f"  {text(track, 'album')}" if track.get("album") else ""
        what = Text.assemble(mark, (title_of(track), "bold"), (album, "dim"))
    else:
        failure = heard.playback.get("failure")
        what = Text.assemble(mark, heard.state, (f"  {text(heard.playback, 'failure')}" if failure else "", "red"))
    return fitted(what, Text(f"{number(heard.playback, 'volume_db') or 0.0:.1f} dB"), width)


def bar(heard: Heard, now_s: float, width: int) -> Text:
    """``01:12.4 ━━━━━━╸──────── 04:03.0``"""
    done_s, total_s = heard.done_s(now_s), heard.total_s
    ends = (f"{clock(done_s)} ", f" {clock(total_s)}")
    room = max(0, width - sum(map(len, ends)))
    halves = round(2 * room * done_s / total_s) if done_s is not None and total_s else 0
    full, half = divmod(min(halves, 2 * room), 2)
    rest = room - full - half
    return Text.assemble(ends[0], ("━" * full + "╸" * half, "bold green"), ("─" * rest, "dim"), ends[1], no_wrap=True)


def modes_line(heard: Heard, width: int) -> Text:
    """Of what kind the track is, how the queue goes on, what went wrong, whether the samples are untouched."""
    track, queue = heard.track, heard.queue
    rate_hz, bits = number(track, "sample_rate_hz"), number(track, "bits_per_sample")
    words = [] if rate_hz is None else [f"{rate_hz / 1000:g} kHz", f"{text(track, 'channels')} ch"]
    if bits:
        words.append(f"{bits:.0f} bit")
    modes = [f"repeat {text(queue, 'repeat')}", *(mode for mode in ("shuffle", "consume") if queue.get(mode))]
    counts = f"xr {text(heard.playback, 'xruns')}  clip {text(heard.playback, 'clipped_samples')}"
    left = Text.assemble((" ".join(words), "dim"), "  " if words else "", ("  ".join(modes), "cyan"), _reaching(heard))
    return fitted(left, Text(counts, style="dim"), width)


def sung_line(event: JsonObject) -> Text:
    """Of an event of the words: the line that is due, bright as far as it was sung; nothing when a track begins."""
    data = event.get("data")
    if event.get("event") != "lyrics.cursor" or not isinstance(data, dict) or not data.get("text"):
        return Text()
    line, sung = text(data, "text"), data.get("sung")
    bright = sung if isinstance(sung, int) else len(line)
    return Text.assemble("♪ ", (line[:bright], "bold magenta"), (line[bright:], "magenta"))


def _reaching(heard: Heard) -> Text:
    if heard.lost:
        return Text(f"  output lost: {heard.lost}", style="bold red")
    if heard.buffering:
        return Text("  buffering", style="bold yellow")
    pure = heard.playback.get("bit_perfect")
    if not isinstance(pure, bool) or not heard.track:
        return Text()
    if pure:
        return Text("  bit-perfect", style="green")
    return Text(f"  touched: {text(heard.playback, 'why_not')}", style="dim")
