"""A page on another origin calls the API where its origin is allowed, and is refused elsewhere."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.browser.pages import PASSWORD, USER, new_context
from tests.listening import listening
from tests.services import PROJECT, Service, serving

CALL = """async ([service, path, options]) => {
    const response = await fetch(service + path, options);
    const names = ["X-Request-Id", "Server-Timing", "Retry-After", "WWW-Authenticate"];
    const headers = Object.fromEntries(names.map((name) => [name, response.headers.get(name)]));
    return { status: response.status, headers, body: await response.json() };
}"""
TRACE = "1234" * 8
BLOCKED = "Failed to fetch"


class Blank(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""


@contextmanager
def blank_site() -> Iterator[str]:
    """Serve an empty page, and yield its origin."""
    with listening(ThreadingHTTPServer(("127.0.0.1", 0), Blank)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """The origin that the service allows."""
    with blank_site() as running:
        yield running


@pytest.fixture(scope="module")
def api(line_settings: Mapping[str, str], origin: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with that origin in its local.settings.json."""
    app = tmp_path_factory.mktemp("app")
    for name in ("function_app.py", "host.json", "shared"):
        (app / name).symlink_to(PROJECT / name)
    (app / "local.settings.json").write_text(json.dumps({"Host": {"CORS": f"http://localhost:3000,{origin}"}}))
    with serving(line_settings, app) as running:
        yield running


@contextmanager
def page_of(browser: Browser, url: str) -> Iterator[Page]:
    """Open a page of another site."""
    context = new_context(browser, url)
    page = context.new_page()
    page.goto("/")
    yield page
    context.close()


@pytest.fixture(scope="module")
def page(chromium: Browser, origin: str) -> Iterator[Page]:
    """A page of the allowed origin."""
    with page_of(chromium, origin) as page:
        yield page


def call(page: Page, service: Service, path: str, **options: Any) -> Any:
    """Call the API from the page's script."""
    return page.evaluate(CALL, [service.url, path, options])


def post(page: Page, service: Service, path: str, body: object, **headers: str) -> Any:
    """Post JSON from the page's script."""
    headers = {"Content-Type": "application/json", **headers}
    return call(page, service, path, method="POST", headers=headers, body=json.dumps(body))


def log_in(page: Page, service: Service, name: str = USER) -> Any:
    return post(page, service, "/token", {"grant_type": "password", "username": name, "password": PASSWORD})


def test_a_page_of_an_allowed_origin_logs_in_predicts_and_reads_the_request_s_id(page: Page, api: Service) -> None:
    headers = {
        "Authorization": f"Bearer {log_in(page, api)['body']['access_token']}",
        "traceparent": f"00-{TRACE}-{'1' * 16}-01",
    }
    instance = call(page, api, "/model")["body"]["examples"][0]["instance"]
    response = post(page, api, "/predict", {"instances": [instance]}, **headers)
    assert (response["status"], len(response["body"]["predictions"])) == (200, 1)
    assert response["headers"]["X-Request-Id"] == response["body"]["request_id"] == TRACE
    assert response["headers"]["Server-Timing"].startswith("auth;dur=")


def test_it_reads_the_headers_of_refusals(page: Page, api: Service) -> None:
    without_token = post(page, api, "/predict", {"instances": []})
    assert (without_token["status"], without_token["headers"]["WWW-Authenticate"]) == (401, 'Bearer realm="egl-ml"')
    assert without_token["headers"]["X-Request-Id"] == without_token["body"]["request_id"]
    guesses = [log_in(page, api, "nobody") for _ in range(7)]
    assert [guess["status"] for guess in guesses][-1] == 429
    assert int(guesses[-1]["headers"]["Retry-After"]) >= 1


@pytest.mark.parametrize("path", ["/token", "/model"])
def test_a_page_of_another_origin_is_refused(chromium: Browser, api: Service, path: str) -> None:
    method = "POST" if path == "/token" else "GET"
    with blank_site() as stranger, page_of(chromium, stranger) as page, pytest.raises(Error, match=BLOCKED):
        call(page, api, path, method=method)


def test_without_the_setting_every_other_origin_is_refused(page: Page, service: Service) -> None:
    with pytest.raises(Error, match=BLOCKED):
        call(page, service, "/model")
