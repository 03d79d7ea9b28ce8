"""Takes the pictures of docs/: the front page with a prediction, the docs page, and the dashboards after traffic."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tools.browser import BrowserError, browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

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


def insights(page: "Page") -> None:
    """The dashboards, with the traffic that was just sent from edge to edge."""
    from tools.insights.scene import SECONDS

    until = datetime.now()  # noqa: DTZ005 - the field has the time here, without a zone
    page.goto("/")
    page.get_by_label("Time").select_option("custom")
    for name, at in (("from", until - timedelta(seconds=SECONDS)), ("to", until)):
        page.get_by_label(name, exact=True).fill(at.isoformat(timespec="seconds"))
        page.get_by_label(name, exact=True).press("Enter")
    page.locator("#panel-feature-latency svg").wait_for()
    page.evaluate("document.activeElement.blur()")
    page.wait_for_load_state("networkidle")


@contextmanager
def served(more: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """The service with the deployed model and the example's settings, on a free port; gives its URL."""
    values = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))["Values"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tools", "host", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, **values, **more},
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


@contextmanager
def watched() -> Iterator[str]:
    """The dashboards, after a minute and a half of traffic; gives their URL."""
    from tools.azurite import AzuriteError
    from tools.insights import InsightsError
    from tools.insights.scene import scene

    try:
        with scene(served) as url:
            yield url
    except (AzuriteError, InsightsError) as error:
        raise ScreenshotError(str(error)) from error


class Picture(NamedTuple):
    """A file in docs/."""

    height: int
    ready: Callable[["Page"], None]
    """Brings a page to where the picture is taken."""
    scene: Callable[[], AbstractContextManager[str]] = served
    """Runs what is looked at, and gives its URL."""


PICTURES: Mapping[str, Picture] = {
    "home": Picture(1150, home),
    "docs": Picture(860, docs),
    "insights": Picture(1130, insights, watched),
}
"""Files in docs/, without their ending."""


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
    for scene in dict.fromkeys(PICTURES[name].scene for name in names):
        with scene() as url, browser() as running:
            for name in names:
                if PICTURES[name].scene is scene:
                    yield take(running, url, name, folder)


def take(running: "Browser", url: str, name: str, folder: Path) -> Path:
    """Take one picture."""
    view: ViewportSize = {"width": WIDTH, "height": PICTURES[name].height}
    page = running.new_page(base_url=url, viewport=view, device_scale_factor=SHARPNESS, color_scheme="light")
    PICTURES[name].ready(page)
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=folder / f"{name}.png")
    page.close()
    return folder / f"{name}.png"
