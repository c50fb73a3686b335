"""The disk below a NATS server: how much it may keep there, and when a full one has room again."""

import asyncio
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

log = logging.getLogger(__name__)
LOOK = 1.0  # seconds between two looks
FULL = 256 * 1024  # bytes of free space with which nothing more can be written
GROWN = 16 * 2**20  # bytes of new room that are worth a new start


@dataclass(frozen=True)
class Disk:
    """Where a server keeps its data."""

    directory: Path
    spare: int  # bytes that are left free
    most: int | None = None  # bytes that it may keep at most; None: what there is room for

    def may_keep(self) -> int:
        """Return how many bytes the server may keep here, with what it keeps already."""
        if self.most is not None:
            return self.most
        kept = sum(_size(one) for one in (self.directory / "jetstream").rglob("*.blk"))
        return max(kept + _room(self.directory) - self.spare, 2**20)

    async def has_room_again(self, limit: int) -> None:
        """Return once a server that was started with this limit and is out of room would have some."""
        failed = False
        while True:
            await asyncio.sleep(LOOK)
            room = await asyncio.to_thread(_room, self.directory)
            said = await asyncio.to_thread(self._complaint)
            if room < FULL or said == "disk":
                if not failed:
                    log.error("%s: full, or it cannot be written; waiting for room", self.directory)
                failed = True
            if failed and room >= FULL + self.spare:
                return
            if said == "limit" and await asyncio.to_thread(self.may_keep) >= limit + GROWN:
                return

    def _complaint(self) -> Literal["", "disk", "limit"]:
        """What the server says in its log about its store, if there was room for that."""
        try:
            text = (self.directory / "server.log").read_text(errors="replace").lower()
        except OSError:
            return ""
        if "critical write error" in text or "no space left" in text:
            return "disk"
        return "limit" if "resource limits exceeded" in text else ""


def _room(directory: Path) -> int:
    """Return the bytes that may still be written below a directory: none on a read-only disk."""
    try:
        disk = os.statvfs(directory)
    except OSError:
        return 0
    return 0 if disk.f_flag & os.ST_RDONLY else disk.f_bavail * disk.f_frsize


def _size(place: Path) -> int:
    try:
        return place.stat().st_size
    except OSError:
        return 0  # removed just now
