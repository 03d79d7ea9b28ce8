"""Folders on disk for telemetry that waits for ingestion, one per process.

They contain user names, so nobody else may read them. The next process on the machine sends what a process left.
"""

import hashlib
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

HEARTBEAT_SECONDS = 60.0
"""How often a process marks its folder as in use."""
STALE_SECONDS = 5 * HEARTBEAT_SECONDS
PRIVATE = 0o700
NOWHERE = Path(os.devnull, "telemetry")
"""In place of a folder that could not be made: nothing can be stored."""


def create(connection_string: str) -> Path:
    """Make a new folder for this process, beside those with the same destination. Raises OSError."""
    destination = hashlib.sha256(connection_string.encode()).hexdigest()[:12]
    common = Path(tempfile.gettempdir()) / f"egl-ml-telemetry-{destination}"
    common.mkdir(mode=PRIVATE, exist_ok=True)
    if not is_private(common):  # made by another user, who may read it and put files in
        common = Path(tempfile.mkdtemp(prefix=f"{common.name}-"))
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=common))  # 0700


def is_private(folder: Path) -> bool:
    """Return True when only this user may enter `folder`. On Windows a user's temporary folder is private."""
    if not hasattr(os, "getuid"):
        return True
    status = folder.lstat()
    return status.st_uid == os.getuid() and status.st_mode & 0o777 == PRIVATE


def touch(folder: Path) -> None:
    """Mark `folder` as in use; make it anew if it was removed. Raises OSError."""
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    os.utime(folder)


def adopt(folder: Path) -> None:
    """Move the files of processes that ended into `folder`. Two processes may do this at the same time."""
    for other in folder.parent.iterdir():
        if other != folder and _is_stale(other):
            for blob in other.glob("*.blob"):
                with suppress(FileNotFoundError):
                    blob.rename(folder / blob.name)
            shutil.rmtree(other, ignore_errors=True)


def _is_stale(folder: Path) -> bool:
    """Return True when no process has marked the folder for a while; False when its process is removing it."""
    with suppress(FileNotFoundError):
        return time.time() - folder.stat().st_mtime > STALE_SECONDS
    return False


def remove(folder: Path) -> None:
    """Remove `folder` if it is empty."""
    with suppress(OSError):
        folder.rmdir()
