"""Both pages behind a gateway that adds a prefix to every path, such as API Management or an ingress."""

from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.docs import authorize, execute_predict, open_predict
from tests.browser.pages import log_in, new_context, open_home, predict, predict_rows, watched_page
from tests.listening import listening
from tests.services import Service

PREFIX = "/ml"
HOP_BY_HOP = ("connection", "transfer-encoding")


class Gateway(ThreadingHTTPServer):
    """A gateway that removes the prefix, and knows no path without it."""

    def __init__(self, service: Service) -> None:
        super().__init__(("127.0.0.1", 0), Forwarding)
        self.target = service.url.removeprefix("http://")
        self.url = f"http://127.0.0.1:{self.server_port}"


class Forwarding(BaseHTTPRequestHandler):
    """A request that is forwarded."""

    server: Gateway

    def do_GET(self) -> None:
        self.forward()

    def do_POST(self) -> None:
        self.forward()

    def forward(self) -> None:
        """Send the request on, and its response back."""
        if not self.path.startswith(f"{PREFIX}/"):
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection = HTTPConnection(self.server.target)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        connection.request(self.command, self.path.removeprefix(PREFIX), body, headers)
        response = connection.getresponse()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.read())
        connection.close()

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def gateway(service: Service) -> Iterator[Gateway]:
    """A running gateway in front of the line's service."""
    with listening(Gateway(service)) as running:
        yield running


@pytest.fixture(scope="module")
def context(chromium: Browser, gateway: Gateway) -> Iterator[BrowserContext]:
    """The context of all pages here."""
    context = new_context(chromium, gateway.url)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, gateway: Gateway) -> Iterator[Page]:
    """A page that must not send a request that the gateway does not know."""
    with watched_page(context, gateway.url) as page:
        yield page


def test_the_home_page_logs_in_and_predicts(page: Page, gateway: Gateway) -> None:
    predict(log_in(open_home(page, f"{PREFIX}/")))
    expect(page.locator("#code-curl code")).to_contain_text(f"curl -s {gateway.url}{PREFIX}/predict_class ")


def test_the_batch_s_command_has_the_prefix(page: Page, gateway: Gateway) -> None:
    log_in(open_home(page, f"{PREFIX}/#batch"))
    predict_rows(page, "x\n0.01\n0.02\n")
    button = page.get_by_role("button", name="Request as JSON")
    assert (button.get_attribute("title") or "").startswith(f"curl -s {gateway.url}{PREFIX}/predict_class ")


def test_every_link_of_the_pages_leads_to_the_service(page: Page, gateway: Gateway) -> None:
    for path in ("/", "/docs"):
        page.goto(PREFIX + path)
        page.locator("nav a").first.wait_for()
        links = page.eval_on_selector_all("a[href], link[href]", "found => found.map(each => each.href)")
        assert len(links) > 5
        assert {httpx.get(link).status_code for link in set(links)} == {200}


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_the_docs_page_authorizes_and_executes_a_call(page: Page, gateway: Gateway, path: str) -> None:
    authorize(open_predict(page, PREFIX + path))
    with page.expect_response("**/predict") as predicted:
        execute_predict(page)
    assert predicted.value.url == f"{gateway.url}{PREFIX}/predict"
    assert page.url == f"{gateway.url}{PREFIX}/docs"
    expect(page.locator(".curl-command")).to_contain_text(f"{gateway.url}{PREFIX}/predict")
