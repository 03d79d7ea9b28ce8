"""The settings in local.settings.json: read, and changed without touching the others."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools import settings
from tools.errors import LocalSettingsError

FILE = "local.settings.json"


def prepare(root: Path) -> None:
    """Create the file if there is none, and check that it can be changed. Raises LocalSettingsError."""
    if not (root / FILE).exists() and (root / f"{FILE}.example").exists():
        settings.main([], root)
    read(root)


def read(root: Path) -> dict[str, Any]:
    """Return the settings; none without a file. Raises LocalSettingsError."""
    values: dict[str, Any] = _content(root)["Values"]
    return values


def changed(root: Path, values: Mapping[str, str | None]) -> str:
    """Return the file's content with these settings; None removes one. Raises LocalSettingsError."""
    content = _content(root)
    merged = {**content["Values"], **values}
    content["Values"] = {name: value for name, value in merged.items() if value is not None}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def change(root: Path, values: Mapping[str, str | None]) -> None:
    """Write these settings in one step. Raises LocalSettingsError."""
    partial = root / f".{FILE}.partial"
    write(partial, changed(root, values), like=root / FILE)
    os.replace(partial, root / FILE)


def write(path: Path, text: str, like: Path) -> None:
    """Write a file that has secrets: readable by its owner only, or with the mode of `like`."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    if like.exists():
        shutil.copymode(like, path)


def _content(root: Path) -> dict[str, Any]:
    path = root / FILE
    if not path.exists():
        return {"IsEncrypted": False, "Values": {}}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LocalSettingsError(f"{FILE} cannot be read: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("Values"), dict):
        raise LocalSettingsError(f'{FILE} has no object "Values".')
    return content
