"""A browser, two services to look at with it, and a page that tells of everything that goes wrong in it."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from shared.settings import DEMO_HASH
from tests.conftest import KEY
from tests.services import Service, serving
from tools import browser
from tools.browser import BrowserError
from tools.model import adopt

PATIENCE_MILLIS = 20_000
"""What a test waits for a page on a busy machine."""
LEFT = "net::ERR_ABORTED"
"""What a request fails with when its page is left before it is answered."""
expect.set_options(timeout=PATIENCE_MILLIS)

DESKTOP = {"width": 1280, "height": 900}
PATIENTS = 400
ASKED = ("/token", "/predict", "/predict_class")
"""What may answer an error in a test without anything being wrong with the page."""


@pytest.fixture(scope="module")  # its event loop must be gone before another module's tests start one
def chromium() -> Iterator[Browser]:
    """The browser; tests are skipped without one, and fail in CI."""
    try:
        browser.found()
    except BrowserError as error:
        pytest.fail(str(error)) if os.environ.get("CI") == "true" else pytest.skip(str(error))
    with browser.browser() as running:
        yield running


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A line with class edges: y = 200x + 150 over x from -0.1 to 0.2, its points published."""
    folder = tmp_path_factory.mktemp("line")
    rows = pd.DataFrame({"x": np.linspace(-0.1, 0.2, 61)})
    y = 200 * rows["x"] + 150
    adopt(
        LinearRegression().fit(rows.to_numpy(), y),
        rows,
        y,
        name="line",
        description="A line, for the tests.",
        target="y",
        labels={"x": "Body mass index", "y": "Progression"},
        units={"y": "points"},
        help={"x": "0 is the average"},
        edges=(140.0, 160.0),
        examples=[{"x": 0.0617}],
        publish_points=True,
        folder=folder,
    )
    with serving(settings(folder)) as running:
        yield running


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Where a patient goes: three classes by five features of both kinds, with names of any text."""
    folder = tmp_path_factory.mktemp("triage")
    frame, labels = patients()
    texts = ["smoker?", "ward"]
    encode = ColumnTransformer([("texts", OneHotEncoder(), texts)], remainder=StandardScaler())
    adopt(
        make_pipeline(encode, LogisticRegression()).fit(frame, labels),
        frame,
        labels,
        name="triage",
        target="where",
        labels={"where": "Where the patient goes"},
        units={"age": "years"},
        folder=folder,
    )
    with serving(settings(folder)) as running:
        yield running


def patients() -> tuple[pd.DataFrame, "np.ndarray[tuple[int], np.dtype[np.str_]]"]:
    """Made-up patients, and where they go: the older, heavier and smoking ones stay longer."""
    random = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, PATIENTS),
            "body mass/index": random.normal(26, 4, PATIENTS).round(1),
            "blood~pressure": random.normal(120, 15, PATIENTS).round(),
            "smoker?": random.choice(["yes", "no"], PATIENTS),
            "ward": random.choice(["cardiology", "surgery", "geriatrics"], PATIENTS),
        }
    )
    score = (frame["age"] - 50) / 15 + (frame["body mass/index"] - 26) / 5 + (frame["smoker?"] == "yes")
    return frame, np.select([score < -0.5, score < 1.5], ["home", "short stay"], "long stay")


def settings(folder: Path) -> Mapping[str, str]:
    """Settings with which the model in `folder` is served."""
    return {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "TOKEN_KEY": KEY,
        "USERS": f'{{"abi": "{DEMO_HASH}"}}',
        "MODEL_MANIFEST": str(folder / "slr.json"),
    }


@pytest.fixture(scope="session")
def tokens(service: Service, classifier: Service) -> Mapping[str, str]:
    """A token of the demo user for each service, by its address: checking a password takes a third of a second."""
    return {each.url: each.login() for each in (service, classifier)}


@pytest.fixture
def page(chromium: Browser, service: Service, tokens: Mapping[str, str]) -> Iterator[Page]:
    """A page of the line's service. Logging in gets a token that the service gave before."""
    yield from watched(chromium, service, tokens[service.url])


@pytest.fixture
def triage(chromium: Browser, classifier: Service, tokens: Mapping[str, str]) -> Iterator[Page]:
    """A page of the classifier's service."""
    yield from watched(chromium, classifier, tokens[classifier.url])


@pytest.fixture(scope="module")
def answered(chromium: Browser, service: Service, tokens: Mapping[str, str]) -> Iterator[Page]:
    """A page of the line's service with a prediction, for tests that only look."""
    for page in watched(chromium, service, tokens[service.url]):
        yield predicted(logged_in(opened(page)))


def watched(chromium: Browser, of: Service, token: str) -> Iterator[Page]:
    """A fresh page, which must end without an error on its console and without a request to another host."""
    context = chromium.new_context(base_url=of.url, viewport=DESKTOP, color_scheme="light")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MILLIS)
    context.route("**/token", lambda route: route.fulfill(json={"access_token": token, "expires_in": 900}))
    page = context.new_page()
    faults: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            faults.append(message.text)

    def answered(response: Response) -> None:
        parts = urlsplit(response.url)
        if parts.scheme != "blob" and f"{parts.scheme}://{parts.netloc}" != of.url:
            faults.append(f"asked another host: {response.url}")
        if response.status >= 400 and parts.path not in ASKED:
            faults.append(f"{response.status} for {parts.path}")

    def failed(request: Request) -> None:
        if request.failure != LEFT:
            faults.append(f"failed: {request.url} {request.failure}")

    page.on("console", said)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("response", answered)
    page.on("requestfailed", failed)
    yield page
    context.close()
    assert faults == []


def opened(page: Page, path: str = "/") -> Page:
    """The front page, ready to be filled in."""
    page.goto(path)
    page.locator("#predictions").wait_for()
    return page


def logged_in(page: Page, password: str = "password") -> Page:
    """The front page, with the demo user logged in."""
    page.get_by_label("Name").fill("abi")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Log out").wait_for()
    return page


def predicted(page: Page) -> Page:
    """The page after Predict was pressed, with its curve."""
    page.get_by_role("button", name="Predict", exact=True).click()
    page.locator("#chart .line.main, #chart .point.other").first.wait_for()
    return page
