"""Where telemetry waits on disk for ingestion to come back: a folder of each process's own.

It holds user names, so nobody else may read it. What a process leaves behind is sent by the next one on the machine.
"""

import hashlib
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

BEAT_SECONDS = 60.0
"""How often a process says that its folder is in use."""
STALE_SECONDS = 5 * BEAT_SECONDS
PRIVATE = 0o700
NOWHERE = Path(os.devnull, "telemetry")
"""Where no folder could be made: nothing can be kept."""


def own(connection_string: str) -> Path:
    """A new folder of this process's own, beside those of others with the same destination. Raises OSError."""
    destination = hashlib.sha256(connection_string.encode()).hexdigest()[:12]
    common = Path(tempfile.gettempdir()) / f"egl-ml-telemetry-{destination}"
    common.mkdir(mode=PRIVATE, exist_ok=True)
    if not private(common):  # made by somebody else, who may read it and put files in
        common = Path(tempfile.mkdtemp(prefix=f"{common.name}-"))
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=common))  # 0700


def private(folder: Path) -> bool:
    """Whether `folder` is this user's, and no one else may enter. On Windows a user's temporary folder is their own."""
    if not hasattr(os, "getuid"):
        return True
    found = folder.lstat()
    return found.st_uid == os.getuid() and found.st_mode & 0o777 == PRIVATE


def beat(folder: Path) -> None:
    """Say that `folder` is in use; make it anew where something cleaned it away. Raises OSError."""
    folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    os.utime(folder)


def adopt(folder: Path) -> None:
    """Take over what processes that are gone left behind. Two who do this at once share it without harm."""
    for other in folder.parent.iterdir():
        if other != folder and time.time() - other.stat().st_mtime > STALE_SECONDS:
            for blob in other.glob("*.blob"):
                with suppress(FileNotFoundError):
                    blob.rename(folder / blob.name)
            shutil.rmtree(other, ignore_errors=True)


def leave(folder: Path) -> None:
    """Remove `folder` when nothing waits in it."""
    with suppress(OSError):
        folder.rmdir()
