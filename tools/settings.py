"""Create local.settings.json from its example, with a new token key. An existing file stays unchanged."""

import argparse
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
KEY_BYTES = 48


def main(argv: Sequence[str], root: Path = ROOT) -> int:
    """Create the file, readable by its owner only. Returns 0, also when the file exists."""
    argparse.ArgumentParser(prog="./egl settings", description=__doc__).parse_args(argv)
    try:
        handle = os.open(root / "local.settings.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print("local.settings.json exists and stays unchanged.")
        return 0
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(with_new_key((root / "local.settings.json.example").read_text(encoding="utf-8")))
    print("Made local.settings.json with a new token key.")
    return 0


def with_new_key(example: str) -> str:
    """Return the example's text with a random token key."""
    settings = json.loads(example)
    settings["Values"]["TOKEN_KEY"] = secrets.token_urlsafe(KEY_BYTES)
    return json.dumps(settings, indent=2, ensure_ascii=False) + "\n"
