"""One promotion at a time: a second one would take back the first one's moves as those of a killed process."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.errors import PromoteError


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Lock a folder during the block. Raises PromoteError when another process has it; its end frees the lock.

    Windows has no locks of folders; nothing is locked there.
    """
    if sys.platform == "win32" or not folder.is_dir():
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PromoteError("Another promotion is running.") from error
    else:
        yield
    finally:
        os.close(handle)
