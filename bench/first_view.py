"""`python -m bench.first_view`: from the end of the HTML to the first paint, of the front page and of a plain answer.

The plain answer, `/model`, is what the browser itself takes; the difference is the page's.
"""

import argparse
import statistics

from playwright.sync_api import Page
from shared.manifest import APP

from bench.serve import serving
from tools.browser import browser

PAINT = "performance.getEntriesByName('first-contentful-paint')[0]"
TOOK = f"{PAINT}.startTime - performance.getEntriesByType('navigation')[0].responseEnd"


def main() -> None:
    """Print medians in milliseconds."""
    parser = argparse.ArgumentParser("python -m bench.first_view", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with serving(APP) as url, browser() as chromium:
        page = chromium.new_page()
        times = [(first_view(page, url), first_view(page, f"{url}/model")) for _ in range(rounds)]
    for name, values in zip(("front page", "plain answer"), zip(*times, strict=True), strict=True):
        print(f"{name:14} {statistics.median(values):7.1f} ms   ({min(values):.1f} to {max(values):.1f})")


def first_view(page: Page, url: str) -> float:
    """Milliseconds from the document's last byte to the first paint with content."""
    page.goto(url)
    page.wait_for_function(PAINT)
    return float(page.evaluate(TOOK))


if __name__ == "__main__":
    main()
