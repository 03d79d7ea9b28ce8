"""Take the screenshots in docs/: the front page with a prediction, the docs page, and the dashboards after traffic."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tools.browser import browser
from tools.errors import ToolError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
WIDTH = 1280
SCALE = 1.5  # device pixels per CSS pixel: sharp where a README shows them smaller, and not too large a file
SETTLED_MS = 400  # transitions and fonts


class ScreenshotError(ToolError):
    """A screenshot cannot be taken."""


def home(page: "Page") -> None:
    """Show the front page after a prediction for the golden example."""
    page.goto("/")
    page.get_by_label("Name").fill("abi")
    page.get_by_label("Password").fill("password")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out").wait_for()
    for _ in range(2):  # the first one loads the model, and would show little else
        with page.expect_response("**/predict_class"), page.expect_response("**/predict_class"):
            page.get_by_role("button", name="Predict", exact=True).click()
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


def docs(page: "Page") -> None:
    """Show the docs page, with /predict open."""
    page.goto("/docs")
    page.locator("#operations-default-predict .opblock-summary-control").click()
    page.locator("#operations-default-predict textarea").wait_for()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


def insights(page: "Page") -> None:
    """Show the dashboards, with a time range that is exactly the traffic just sent."""
    page.goto("/")
    show_traffic(page)
    page.locator("#panel-feature-latency svg").wait_for()
    settle(page)


def challenger(page: "Page") -> None:
    """Show the challenger's page, with the same time range."""
    page.goto("/#/challenger")
    show_traffic(page)
    page.locator("#panel-challenger-difference svg").wait_for()
    settle(page)


def show_traffic(page: "Page") -> None:
    """Choose the time range of the traffic just sent."""
    from tools.insights.demo import SECONDS

    until = datetime.now()  # noqa: DTZ005 - the field has the time here, without a zone
    page.get_by_role("combobox", name="Time").select_option("custom")
    for name, moment in (("from", until - timedelta(seconds=SECONDS)), ("to", until)):
        page.get_by_label(name, exact=True).fill(moment.isoformat(timespec="seconds"))
        page.get_by_label(name, exact=True).press("Enter")


def settle(page: "Page") -> None:
    """Wait until the page is drawn, with no field in focus."""
    page.evaluate("document.activeElement.blur()")
    page.wait_for_load_state("networkidle")


@contextmanager
def service(settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """Run the service with the deployed model and the example's settings, on a free port, and yield its URL."""
    values = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))["Values"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tools", "host", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, **values, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    with process:
        try:
            lines = iter(process.stdout or ())
            url = next((line.split()[-1] for line in lines if line.startswith("Serving on")), None)
            if url is None:
                raise ScreenshotError("The service does not start. Try: make run")
            yield url
        finally:
            process.terminate()


@contextmanager
def dashboards() -> Iterator[str]:
    """Run the dashboards with a minute and a half of traffic, and yield their URL. Raises ToolError."""
    from tools.insights.demo import dashboards_with_traffic

    with dashboards_with_traffic(service) as url:
        yield url


@contextmanager
def challenged() -> Iterator[str]:
    """Run the dashboards after traffic that a forest scored too, and yield their URL. Raises ToolError."""
    from tools.insights.demo import dashboards_with_traffic

    with TemporaryDirectory() as folder:
        train_challenger(Path(folder))
        settings = {"CHALLENGER_MANIFEST": f"{folder}/slr.json", "CHALLENGER_SHARE": "1"}
        with dashboards_with_traffic(lambda others: service({**others, **settings})) as url:
            yield url


def train_challenger(folder: Path) -> None:
    """Adopt a forest on the demo's data into a folder."""
    from sklearn.datasets import load_diabetes
    from sklearn.ensemble import RandomForestRegressor

    from tools.model import adopt

    rows, target = load_diabetes(return_X_y=True, as_frame=True)
    forest = RandomForestRegressor(100, min_samples_leaf=20, random_state=0).fit(rows[["bmi"]], target)
    adopt(forest, rows[["bmi"]], target, name="forest", target="progression", folder=folder)


class Screenshot(NamedTuple):
    """A screenshot in docs/."""

    height: int
    show: Callable[["Page"], None]
    """Bring the page to the state of the screenshot."""
    server: Callable[[], AbstractContextManager[str]] = service
    """Run the server of the page, and yield its URL."""


SCREENSHOTS: Mapping[str, Screenshot] = {
    "home": Screenshot(1150, home),
    "docs": Screenshot(860, docs),
    "insights": Screenshot(1130, insights, dashboards),
    "challenger": Screenshot(1130, challenger, challenged),
}
"""File name in docs/, without its suffix → screenshot."""


def main(argv: Sequence[str]) -> int:
    """Take all screenshots, or the named ones. Returns 1 when that fails, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="./egl screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"names of screenshots (default: {', '.join(SCREENSHOTS)})")
    parser.add_argument("--folder", type=Path, default=DOCS, help="the folder for the files (default: docs)")
    options = parser.parse_args(argv)
    if unknown := set(options.names) - set(SCREENSHOTS):
        parser.error(f"there is no screenshot {', '.join(sorted(unknown))}")
    try:
        for path in take_all(options.names or list(SCREENSHOTS), options.folder):
            print(f"Wrote {path.name}, {path.stat().st_size / 1000:.0f} kB.")
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def take_all(names: Sequence[str], folder: Path) -> Iterator[Path]:
    """Take the screenshots, and yield each file when it is written. Raises ToolError."""
    for server in dict.fromkeys(SCREENSHOTS[name].server for name in names):
        with server() as url, browser() as running:
            for name in names:
                if SCREENSHOTS[name].server is server:
                    yield take(running, url, name, folder)


def take(running: "Browser", url: str, name: str, folder: Path) -> Path:
    """Take one screenshot, and return its file."""
    view: ViewportSize = {"width": WIDTH, "height": SCREENSHOTS[name].height}
    page = running.new_page(base_url=url, viewport=view, device_scale_factor=SCALE, color_scheme="light")
    SCREENSHOTS[name].show(page)
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=folder / f"{name}.png")
    page.close()
    return folder / f"{name}.png"
