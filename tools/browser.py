"""A Chromium for the browser tests and the screenshots: the one that is here, or one that is installed."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
"""It shows this project's own pages only, often as root in a container, where its sandbox cannot start."""
ADVICE = (
    "install Chromium or Google Chrome (on Debian: apt install chromium), or run: python -m playwright install chromium"
)


class BrowserError(Exception):
    """There is none, and none can be had; the text says what to do, in one line."""


def main(argv: Sequence[str]) -> int:
    """Say which browser it is. Returns 1 when there is none, with what to do about it on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tools browser", description=__doc__)
    parser.add_argument("--install", action="store_true", help="get one where there is none")
    install = parser.parse_args(argv).install
    try:
        print(f"Browser for the pages' tests: {found(install=install)}", flush=True)
    except BrowserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def found(*, install: bool = False) -> str:
    """The browser's program. Raises BrowserError when there is none, and none could be installed if that was wanted."""
    if there := find():
        return there
    if install and (there := _installed()):
        return there
    raise BrowserError(f"There is no browser for the pages' tests: {ADVICE}.")


def find() -> str | None:
    """The browser that is here: on PATH, where a Mac has it, or Playwright's own."""
    there = filter(None, map(shutil.which, NAMES))
    return next(there, None) or next((path for path in APPLICATIONS if Path(path).exists()), None) or _playwrights()


@contextmanager
def browser() -> Iterator["Browser"]:
    """Run it, and end it with the block. Raises BrowserError."""
    from playwright.sync_api import sync_playwright

    program = found()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield running
        finally:
            running.close()


def _installed() -> str | None:
    """One from Debian's packages, where this may install them, or else Playwright's own."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("Installing Chromium with apt-get, about a minute…", file=sys.stderr, flush=True)
        _run("apt-get", "update")
        _run("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
    if find() is None:
        print("Fetching Playwright's Chromium, about 150 MB…", file=sys.stderr, flush=True)
        _run(sys.executable, "-m", "playwright", "install", "chromium")
    return find()


def _run(*command: str) -> None:
    """Run a command that may fail: whether there is a browser afterwards is what counts."""
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def _playwrights() -> str | None:
    """Playwright's own, if it was fetched."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None
