"""The model's files: read whole, and used only when their SHA-256 is the one in the manifest.

The SHA-256 finds corruption and mix-ups, not an attacker who can write both files.
"""

import hashlib
from pathlib import Path

from shared.problems import ModelCorrupt, ModelUnavailable

LFS_POINTER = b"version https://git-lfs.github.com/spec/v1"


def read(path: Path, sha256: str) -> bytes:
    """Return the bytes of a model file. Raises ModelUnavailable, or ModelCorrupt when the SHA-256 differs."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelUnavailable(reason=f"the model file cannot be read: {error}") from error
    if content.startswith(LFS_POINTER):
        raise ModelUnavailable(reason=f"{path.name} is a git-lfs pointer: run git lfs pull")
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelCorrupt(reason=f"{path.name} does not have the SHA-256 that the manifest names")
    return content
