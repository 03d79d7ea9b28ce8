"""Python environments of the tests' own, for programs that are no part of the project. Installed once, in .cache."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.model.manifest import APP
from tools.bootstrap import fetch_uv, find_uv

INSTALL_SECONDS = 600


def environment(name: str, requirements: Path) -> Path:
    """Return the folder of an environment with exactly these requirements."""
    folder = APP / ".cache" / name
    installed = folder / ".requirements"
    if installed.exists() and installed.read_text(encoding="utf-8") == requirements.read_text(encoding="utf-8"):
        return folder
    uv = find_uv() or fetch_uv()
    shutil.rmtree(folder, ignore_errors=True)
    completed([uv, "--quiet", "venv", "--python", sys.executable, str(folder)])
    completed([uv, "--quiet", "pip", "install", "--python", str(folder), "--requirement", str(requirements)])
    shutil.copy(requirements, installed)
    return folder


def completed(command: Sequence[str | Path], **options: Any) -> str:
    """Return the output of a program that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False, **options)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3_000:]
    return done.stdout
