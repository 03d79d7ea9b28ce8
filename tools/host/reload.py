"""Reload the app for development: the host runs in a child process, which restarts when the app's files change."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from watchfiles import Change, watch

from tools.errors import HostError
from tools.host.settings import local_settings

ENDINGS = (".py", ".json", ".html", ".css", ".js")
ROOT = Path(__file__).parents[2]
STOP_SECONDS = 15


def supervise(folder: Path, arguments: Sequence[str]) -> int:
    """Run `./egl host` with these arguments, and restart it after every change in the folder.

    Returns 0 on SIGINT or SIGTERM. When the host cannot start (a typo in the app), it prints why, and the next change
    starts it again.
    """
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    child = start(arguments)
    try:
        manifest = manifest_file(folder)
        places = {folder, *({manifest.parent} if manifest.parent.is_dir() else ())}
        for changes in watch(*places, watch_filter=app_files(folder, manifest), stop_event=stopping, debounce=300):
            names = sorted({os.path.relpath(path, folder) for _, path in changes})
            print(f"Changed: {', '.join(names)}. Starting again.", flush=True)
            stop(child)
            child = start(arguments)
    finally:
        stop(child)
    return 0


def manifest_file(folder: Path) -> Path:
    """Return the served manifest, which may be in another folder. A setting that cannot be read is no error here."""
    try:
        values = local_settings(folder).get("Values") or {}
    except HostError:
        values = {}
    return folder / (os.environ.get("MODEL_MANIFEST") or values.get("MODEL_MANIFEST") or "model/slr.json")


def app_files(folder: Path, manifest: Path) -> Callable[[Change, str], bool]:
    """Return a filter for the app's own files and its manifest, without hidden folders and installed packages."""

    def is_app_file(change: Change, path: str) -> bool:
        if Path(path) == manifest:
            return True
        parts = Path(os.path.relpath(path, folder)).parts
        return path.endswith(ENDINGS) and not any(
            part.startswith(".") or part in ("node_modules", "__pycache__") for part in parts
        )

    return is_app_file


def start(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start the host."""
    return subprocess.Popen([sys.executable, "-m", "tools", "host", *arguments], cwd=ROOT)


def stop(child: subprocess.Popen[bytes]) -> None:
    """Stop the host with SIGTERM, then, if it does not end, with SIGKILL."""
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
