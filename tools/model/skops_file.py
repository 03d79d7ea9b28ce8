"""Models that skops saved. Types that it does not trust are refused before anything is constructed, unless named."""

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.model.refused import Refused, join_names

NAME = "skops"
SCHEMA = "schema.json"


def is_skops(content: bytes) -> bool:
    """Return true for the bytes of a skops file: a zip archive with a schema."""
    if not content.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return SCHEMA in archive.namelist()
    except zipfile.BadZipFile:
        return False


def load(path: Path, content: bytes, trusted: Sequence[str]) -> Any:
    """Return the estimator. Raises Refused for types that neither skops nor `trusted` names."""
    import skops.io

    unknown = [name for name in skops.io.get_untrusted_types(data=content) if name not in trusted]
    if unknown:
        raise Refused(
            f"{path.name} has types that skops does not trust: {join_names(unknown)}. If you know their code and trust "
            f"it, name them: --trust {','.join(unknown)}"
        )
    return skops.io.loads(content, trusted=list(trusted))


def scikit_learn(content: bytes) -> str:
    """Return the version of scikit-learn that trained the model, or an empty text."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        schema = archive.read(SCHEMA).decode()
    found = re.search(r'"_sklearn_version":\s*\{[^{}]*"content":\s*"\\"(\d+\.\d+[\w.]*)', schema)
    return found[1] if found else ""
