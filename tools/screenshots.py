"""Takes the pictures of docs/ from the running service: the front page with a prediction, and the docs page."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tools.browser import BrowserError, browser

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
WIDTH = 1280
SHARPNESS = 1.5  # pixels per pixel: sharp where a README shows them smaller, and no heavier than needed
SETTLED_MS = 400  # transitions and fonts


class ScreenshotError(Exception):
    """No picture could be taken; the text says why."""


def home(page: "Page") -> None:
    """The front page after the golden example was predicted."""
    page.goto("/")
    page.get_by_label("Name").fill("abi")
    page.get_by_label("Password").fill("password")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out").wait_for()
    for _ in range(2):  # the first one loads the model, and its story would be about nothing else
        with page.expect_response("**/predict_class"), page.expect_response("**/predict_class"):
            page.get_by_role("button", name="Predict", exact=True).click()
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


def docs(page: "Page") -> None:
    """The docs page, with /predict ready to be tried."""
    page.goto("/docs")
    page.locator("#operations-default-predict .opblock-summary-control").click()
    page.locator("#operations-default-predict textarea").wait_for()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


PICTURES: Mapping[str, tuple[int, Callable[["Page"], None]]] = {"home": (1150, home), "docs": (860, docs)}
"""File in docs/, without its ending → the picture's height, and what brings a page to where it is taken."""


def main(argv: Sequence[str]) -> int:
    """Take all pictures, or those that are named. Returns 1 when that cannot be, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tools screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which (default: {', '.join(PICTURES)})")
    parser.add_argument("--folder", type=Path, default=DOCS, help="where to write them (default: docs)")
    given = parser.parse_args(argv)
    if unknown := set(given.names) - set(PICTURES):
        parser.error(f"there is no picture {', '.join(sorted(unknown))}")
    try:
        for path in taken(given.names or list(PICTURES), given.folder):
            print(f"Wrote {path.name}, {path.stat().st_size / 1000:.0f} kB.")
    except (BrowserError, ScreenshotError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def taken(names: Sequence[str], folder: Path) -> Iterator[Path]:
    """The files of the pictures, each as soon as it is written. Raises BrowserError or ScreenshotError."""
    with served() as url, browser() as running:
        for name in names:
            height, ready = PICTURES[name]
            view: ViewportSize = {"width": WIDTH, "height": height}
            page = running.new_page(base_url=url, viewport=view, device_scale_factor=SHARPNESS, color_scheme="light")
            ready(page)
            page.wait_for_timeout(SETTLED_MS)
            page.screenshot(path=folder / f"{name}.png")
            page.close()
            yield folder / f"{name}.png"


@contextmanager
def served() -> Iterator[str]:
    """The service with the deployed model and the example's settings, on a free port; gives its URL."""
    values = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))["Values"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tools", "host", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, **values},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    with process:
        try:
            lines = iter(process.stdout or ())
            url = next((line.split()[-1] for line in lines if line.startswith("Serving on")), None)
            if url is None:
                raise ScreenshotError("The service does not start: try make run.")
            yield url
        finally:
            process.terminate()
