"""Makes local.settings.json from its example, with a fresh token key; one that is there is never touched."""

import argparse
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
KEY_BYTES = 48


def main(argv: Sequence[str]) -> int:
    """Make the file, readable by its owner only. Returns 0, also when the file was there."""
    argparse.ArgumentParser(prog="python -m tools settings", description=__doc__).parse_args(argv)
    try:
        handle = os.open(ROOT / "local.settings.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print("local.settings.json is there already and stays as it is.")
        return 0
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(fresh((ROOT / "local.settings.json.example").read_text(encoding="utf-8")))
    print("Made local.settings.json with a fresh token key.")
    return 0


def fresh(example: str) -> str:
    """The example's text with a token key that nobody else has."""
    settings = json.loads(example)
    settings["Values"]["TOKEN_KEY"] = secrets.token_urlsafe(KEY_BYTES)
    return json.dumps(settings, indent=2, ensure_ascii=False) + "\n"
