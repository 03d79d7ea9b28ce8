"""The model's files: read whole, and used only when they are what the manifest says.

The SHA-256 finds corruption and mix-ups, not an attacker who can write both files.
"""

import hashlib
from pathlib import Path

from shared.problems import ModelCorrupt, ModelUnavailable

LFS_POINTER = b"version https://git-lfs.github.com/spec/v1"


def content(path: Path, sha256: str) -> bytes:
    """The bytes of a model's file. Raises ModelUnavailable, or ModelCorrupt when their SHA-256 is another one."""
    try:
        found = path.read_bytes()
    except OSError as error:
        raise ModelUnavailable(reason=f"the model file cannot be read: {error}") from error
    if found.startswith(LFS_POINTER):
        raise ModelUnavailable(reason=f"{path.name} is a git-lfs pointer: run git lfs pull")
    if hashlib.sha256(found).hexdigest() != sha256:
        raise ModelCorrupt(reason=f"{path.name} does not have the SHA-256 that the manifest names")
    return found
