"""Reload the app for development: the host runs in a child process, which restarts when the app's files change."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from watchfiles import Change, watch

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
        for changes in watch(folder, watch_filter=app_files(folder), stop_event=stopping, debounce=300):
            names = sorted({str(Path(path).relative_to(folder)) for _, path in changes})
            print(f"Changed: {', '.join(names)}. Starting again.", flush=True)
            stop(child)
            child = start(arguments)
    finally:
        stop(child)
    return 0


def app_files(folder: Path) -> Callable[[Change, str], bool]:
    """Return a filter for the app's own Python and JSON files, without hidden folders and installed packages."""

    def is_app_file(change: Change, path: str) -> bool:
        parts = Path(path).relative_to(folder).parts
        return path.endswith((".py", ".json")) and not any(
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
