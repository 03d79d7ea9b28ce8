"""Find a Chromium for the browser tests and the screenshots, or install one."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.errors import ToolError

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


class BrowserError(ToolError):
    """There is no browser, and none can be installed."""


def playwright_browser() -> str | None:
    """Return the program of Playwright's own Chromium, if it is installed."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def run_quietly(*command: str) -> None:
    """Run a command that may fail: only the result counts, whether there is a browser afterwards."""
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


@dataclass(frozen=True)
class Finder:
    """Search for a browser in the usual places, and install one if there is none."""

    applications: Sequence[str] = APPLICATIONS
    """Programs on a Mac."""
    playwright: Callable[[], str | None] = playwright_browser
    run: Callable[..., None] = run_quietly

    def require(self, *, install: bool = False) -> str:
        """Return the browser's program; with `install`, install one if there is none. Raises BrowserError."""
        program = self.find()
        if program is None and install:
            self.install()
            program = self.find()
        if program is None:
            raise BrowserError(f"There is no browser for the pages' tests: {ADVICE}.")
        return program

    def find(self) -> str | None:
        """Return the browser's program: from PATH, a Mac's applications, or Playwright's own."""
        on_path = filter(None, map(shutil.which, NAMES))
        on_mac = (path for path in self.applications if Path(path).exists())
        return next(on_path, None) or next(on_mac, None) or self.playwright()

    def install(self) -> None:
        """Install Debian's package where root and apt-get can, otherwise Playwright's own."""
        if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
            print("Installing Chromium with apt-get, about a minute…", file=sys.stderr, flush=True)
            self.run("apt-get", "update")
            self.run("apt-get", "install", "--yes", "--no-install-recommends", "chromium")
        if self.find() is None:
            print("Downloading Playwright's Chromium, about 150 MB…", file=sys.stderr, flush=True)
            self.run(sys.executable, "-m", "playwright", "install", "chromium")


def main(argv: Sequence[str], finder: Finder = Finder()) -> int:
    """Print the browser's program. Returns 1 when there is none, with what to do about it on stderr."""
    parser = argparse.ArgumentParser(prog="./egl browser", description=__doc__)
    parser.add_argument("--install", action="store_true", help="install one if there is none")
    options = parser.parse_args(argv)
    try:
        print(f"Browser for the pages' tests: {finder.require(install=options.install)}", flush=True)
    except BrowserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


@contextmanager
def browser() -> Iterator["Browser"]:
    """Run the browser during the block. Raises BrowserError."""
    from playwright.sync_api import sync_playwright

    program = Finder().require()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield running
        finally:
            running.close()
