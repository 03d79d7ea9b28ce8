"""Development with `--reload`: the host runs in a process of its own, which is replaced when the app's files change."""

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
    """Run `python -m tools host` with these arguments, and anew after every change in the folder.

    Returns 0 on SIGINT or SIGTERM. A host that cannot start (a typo in the app) says so and waits for the next change.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    child = start(arguments)
    try:
        for changes in watch(folder, watch_filter=belongs_to(folder), stop_event=stop, debounce=300):
            names = sorted({str(Path(path).relative_to(folder)) for _, path in changes})
            print(f"Changed: {', '.join(names)}. Starting again.", flush=True)
            end(child)
            child = start(arguments)
    finally:
        end(child)
    return 0


def belongs_to(folder: Path) -> Callable[[Change, str], bool]:
    """A filter for the app's own Python and JSON files; hidden folders and installed packages are not its own."""

    def belongs(change: Change, path: str) -> bool:
        parts = Path(path).relative_to(folder).parts
        return path.endswith((".py", ".json")) and not any(
            part.startswith(".") or part in ("node_modules", "__pycache__") for part in parts
        )

    return belongs


def start(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start the host."""
    return subprocess.Popen([sys.executable, "-m", "tools", "host", *arguments], cwd=ROOT)


def end(child: subprocess.Popen[bytes]) -> None:
    """Stop the host, politely at first."""
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
