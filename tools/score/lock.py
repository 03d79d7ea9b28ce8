"""A lock on an open file, which ends with the process, however it ends."""

import sys
from io import FileIO

if sys.platform == "win32":
    import msvcrt

    FAR = 2**62  # Windows forbids others to write what is locked: a byte that no file has

    def lock(file: FileIO) -> None:
        """Lock a file. Raises OSError if another process has locked it."""
        file.seek(FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)

else:
    import fcntl

    def lock(file: FileIO) -> None:
        """Lock a file. Raises OSError if another process has locked it."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
