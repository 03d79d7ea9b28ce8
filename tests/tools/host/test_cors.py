"""Pages of other origins: preflights and allowed responses are those of `func start`."""

import json
from typing import Any

import httpx
import pytest

from tests.tools.host.process import NO_PREFIX, Host, Start, source, startup_errors
from tools.errors import HostError
from tools.host.cors import Cors, cors_from

APP, OTHER, STRANGER = "https://app.example", "http://localhost:3000", "https://evil.example"
ALLOW_ORIGIN, ALLOW_METHODS = "access-control-allow-origin", "access-control-allow-methods"
ALLOW_HEADERS, ALLOW_CREDENTIALS = "access-control-allow-headers", "access-control-allow-credentials"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,traceparent"}


@pytest.fixture(scope="session")
def host(start_for_all: Start) -> Host:
    """A host with two allowed origins."""
    local = json.dumps({"Host": {"CORS": f"{APP},{OTHER}"}})
    return start_for_all(source("zoo"), files={"host.json": NO_PREFIX, "local.settings.json": local}).ready()


def granted(response: httpx.Response) -> dict[str, str]:
    """Return the headers of a response that concern other origins."""
    return {name: value for name, value in response.headers.items() if name.startswith("access-control-")}


def cors(listed: str, *, credentials: bool = False) -> Cors:
    return cors_from({"Host": {"CORS": listed, "CORSCredentials": credentials}})


@pytest.mark.parametrize("path", ["/echo", "/unnamed", "/nowhere"])
def test_a_preflight_gets_a_response_without_a_function(host: Host, path: str) -> None:
    response = httpx.options(host.url + path, headers={**PREFLIGHT, "Origin": APP})
    assert (response.status_code, response.content) == (204, b"")
    assert granted(response) == {
        ALLOW_ORIGIN: APP,
        ALLOW_METHODS: "POST",
        ALLOW_HEADERS: "authorization,traceparent",
    }


def test_a_preflight_of_another_origin_gets_no_permission(host: Host) -> None:
    response = httpx.options(f"{host.url}/echo", headers={**PREFLIGHT, "Origin": STRANGER})
    assert (response.status_code, granted(response)) == (204, {})


@pytest.mark.parametrize("missing", ["Origin", "Access-Control-Request-Method"])
def test_options_without_the_headers_of_a_preflight_goes_to_the_function(host: Host, missing: str) -> None:
    headers = {name: value for name, value in {**PREFLIGHT, "Origin": APP}.items() if name != missing}
    response = httpx.options(f"{host.url}/request", headers=headers)
    assert (response.status_code, response.json()["method"]) == (200, "OPTIONS")
    assert httpx.options(f"{host.url}/unnamed", headers=headers).status_code == 404


@pytest.mark.parametrize(("path", "status"), [("/bare", 200), ("/nowhere", 404), ("/raises", 500), ("/none", 500)])
@pytest.mark.parametrize("origin", [APP, OTHER])
def test_every_response_may_be_read_by_an_allowed_page_and_varies_by_origin(
    host: Host, path: str, status: int, origin: str
) -> None:
    response = httpx.get(host.url + path, headers={"Origin": origin})
    assert (response.status_code, granted(response)) == (status, {ALLOW_ORIGIN: origin})
    assert response.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", [STRANGER, f"{APP}.evil.example", "null", APP.upper(), f"{APP},{OTHER}", ""])
def test_no_response_may_be_read_by_another_page(host: Host, origin: str) -> None:
    assert granted(httpx.get(f"{host.url}/bare", headers={"Origin": origin})) == {}


def test_a_host_without_origins_takes_no_part_in_cors(zoo: Host) -> None:
    assert granted(httpx.get(f"{zoo.url}/bare", headers={"Origin": APP})) == {}
    response = httpx.options(f"{zoo.url}/unnamed", headers={**PREFLIGHT, "Origin": APP})
    assert (response.status_code, granted(response)) == (404, {})


def test_a_star_allows_every_origin() -> None:
    assert cors("*").headers({"origin": STRANGER}) == [(b"access-control-allow-origin", b"*")]


def test_cookies_are_allowed_where_the_settings_allow_them() -> None:
    allowed = cors(APP, credentials=True).headers({"origin": APP})
    assert allowed == [(b"access-control-allow-origin", APP.encode()), (b"access-control-allow-credentials", b"true")]


def test_origins_are_read_in_any_case_and_empty_ones_are_none() -> None:
    assert cors("HTTPS://App.Example,,").origins == {APP}
    assert cors_from({}) == cors("") == Cors()


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ([], "Host must be an object"),
        ({"CORS": [APP]}, "Host.CORS must be a string"),
        ({"CORS": APP, "CORSCredentials": "yes"}, "Host.CORSCredentials must be true or false"),
        ({"CORS": "*", "CORSCredentials": True}, r"`\*` in Host.CORS stands alone"),
        ({"CORS": f"*,{APP}"}, r"`\*` in Host.CORS stands alone"),
        ({"CORS": f"{APP}/"}, "'https://app.example/' in Host.CORS is no origin"),
        ({"CORS": f"{APP}, {OTHER}"}, "' http://localhost:3000' in Host.CORS is no origin"),
        ({"CORS": "app.example"}, "'app.example' in Host.CORS is no origin"),
    ],
)
def test_what_would_allow_nothing_or_too_much_is_refused(host: Any, message: str) -> None:
    with pytest.raises(HostError, match=rf"^local\.settings\.json: {message}"):
        cors_from({"Host": host})


def test_a_refused_origin_is_one_line_on_the_console(start: Start) -> None:
    errors = startup_errors(start(source("plain"), files={"local.settings.json": '{"Host": {"CORS": "x"}}'}))
    assert errors.startswith("local.settings.json: 'x' in Host.CORS is no origin")
    assert errors.count("\n") == 1
