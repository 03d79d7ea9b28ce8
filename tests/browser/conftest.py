"""One browser and one running service per model for all tests of the pages, and pages to use."""

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import bcrypt
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.example_models import adopt_classifier, adopt_line, adopt_stay
from tests.browser.pages import PASSWORD, TIMEOUT_MS, USER, isolated_page, new_context, watched_page
from tests.services import Service, serving
from tools import browser
from tools.browser import BrowserError

BCRYPT_COST = 4
"""The lowest cost. With the usual one every login would need a third of a second."""
expect.set_options(timeout=TIMEOUT_MS)


# The scope is the package, not the session: the event loop of Playwright must end before other tests start their own.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser. Without one the tests are skipped, except in CI, where they fail."""
    try:
        browser.Finder().require()
    except BrowserError as error:
        pytest.fail(str(error)) if os.environ.get("CI") == "true" else pytest.skip(str(error))
    with browser.browser() as running:
        yield running


@pytest.fixture(scope="session")
def users() -> str:
    """The setting USERS with the user of the tests."""
    return json.dumps({USER: bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(BCRYPT_COST)).decode()})


@pytest.fixture(scope="session")
def line_settings(users: str, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Settings of a service with the line as its model."""
    folder = tmp_path_factory.mktemp("line")
    adopt_line(folder)
    return service_settings(users, folder)


@pytest.fixture(scope="session")
def service(line_settings: Mapping[str, str]) -> Iterator[Service]:
    """A running service with the line as its model."""
    with serving(line_settings) as running:
        yield running


@pytest.fixture(scope="session")
def classifier(users: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service with the classifier as its model."""
    folder = tmp_path_factory.mktemp("classifier")
    adopt_classifier(folder)
    with serving(service_settings(users, folder)) as running:
        yield running


@pytest.fixture(scope="session")
def stay(users: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service with a model of features that are no numbers."""
    folder = tmp_path_factory.mktemp("stay")
    adopt_stay(folder)
    with serving(service_settings(users, folder)) as running:
        yield running


def service_settings(users: str, folder: Path) -> Mapping[str, str]:
    """Return the settings of a service with the model in `folder`."""
    return {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "TOKEN_KEY": secrets.token_hex(32),
        "USERS": users,
        "MODEL_MANIFEST": str(folder / "slr.json"),
    }


@pytest.fixture(scope="package")
def line_context(chromium: Browser, service: Service) -> Iterator[BrowserContext]:
    """The context of the line's pages: they share the cache and nothing else, as the page stores nothing."""
    context = new_context(chromium, service.url)
    yield context
    context.close()


@pytest.fixture
def page(line_context: BrowserContext, service: Service) -> Iterator[Page]:
    """A page of the line's service. Nothing is open yet."""
    with watched_page(line_context, service.url) as page:
        yield page


@pytest.fixture
def page_alone(chromium: Browser, service: Service) -> Iterator[Page]:
    """A page of the line's service, with a clock and a cache of its own."""
    with isolated_page(chromium, service.url) as page:
        yield page


@pytest.fixture(scope="module")
def classifier_context(chromium: Browser, classifier: Service) -> Iterator[BrowserContext]:
    """The context of the classifier's pages."""
    context = new_context(chromium, classifier.url)
    yield context
    context.close()


@pytest.fixture
def classifier_page(classifier_context: BrowserContext, classifier: Service) -> Iterator[Page]:
    """A page of the classifier's service. Nothing is open yet."""
    with watched_page(classifier_context, classifier.url) as page:
        yield page


@pytest.fixture(scope="module")
def stay_context(chromium: Browser, stay: Service) -> Iterator[BrowserContext]:
    """The context of the pages of the model of a stay."""
    context = new_context(chromium, stay.url)
    yield context
    context.close()


@pytest.fixture
def stay_page(stay_context: BrowserContext, stay: Service) -> Iterator[Page]:
    """A page of that model's service. Nothing is open yet."""
    with watched_page(stay_context, stay.url) as page:
        yield page
