"""Opening media files without ever blocking the control loop: apart, for only who has a loop imports asyncio."""

from __future__ import annotations

from pathlib import Path

from host.errors import MediaError
from host.media.files import Media, open_regular
from host.patience import off_loop
from host.where import Where

__all__ = ["open_media"]


async def open_media(path: Path, timeout_s: float, where: Where | None = None) -> Media:
    """Opens a media file within ``timeout_s``. ``where``: what led to it, if not its path.

    Raises:
        MediaError: it cannot be opened, or its file system does not answer.
    """
    try:
        return await off_loop(lambda: open_regular(path, where), timeout_s, discard=Media.close)
    except TimeoutError as error:
        raise MediaError(
            f"{path}: not open after {timeout_s:g} s", remedy="look at the file system (a network mount?) it lies on"
        ) from error
