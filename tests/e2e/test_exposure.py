"""The service as strangers see it: headers for browsers, and nothing of its inside."""

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from shared.model.manifest import Manifest

EXPOSE = "access-control-expose-headers"  # says which headers an allowed origin may read, and allows none
PUBLIC = ("/", "/docs", "/model", "/openapi.json", "/health/live", "/health/ready", "/assets/nothing")
PAGES = ("/", "/docs")


@pytest.mark.parametrize("path", PUBLIC)
def test_no_response_may_be_read_as_another_type(anyone: httpx.Client, path: str) -> None:
    response = anyone.get(path)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "charset=utf-8" in response.headers["Content-Type"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_its_own_scripts_only_and_in_no_frame(anyone: httpx.Client, path: str) -> None:
    policy = dict(
        part.strip().partition(" ")[::2] for part in anyone.get(path).headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"


@pytest.mark.parametrize("path", [*PUBLIC, "/predict", "/token"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_no_response_allows_another_origin_to_read_it(anyone: httpx.Client, path: str, origin: str) -> None:
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for response in (
        anyone.get(path, headers={"Origin": origin}),
        anyone.post(path, headers={"Origin": origin}, json={}),
        anyone.options(path, headers=preflight),
    ):
        assert {name for name in response.headers if name.startswith("access-control-")} <= {EXPOSE}


def test_the_public_manifest_has_no_path_and_no_setting(
    anyone: httpx.Client, adopted: tuple[Path, Manifest], works: Mapping[str, str]
) -> None:
    text = anyone.get("/model").text
    assert str(adopted[0].parent) not in text
    assert not any(value in text for name, value in works.items() if name in ("TOKEN_KEY", "USERS", "MODEL_MANIFEST"))
    assert len(text) < 20_000


def test_readiness_names_no_setting_path_or_user(anyone: httpx.Client, adopted: tuple[Path, Manifest]) -> None:
    state = anyone.get("/health/ready").json()
    assert state == {"status": "ready", "build": "local", "model_version": adopted[1].version}


@pytest.mark.parametrize("path", PUBLIC)
def test_no_response_names_the_server_software(anyone: httpx.Client, path: str) -> None:
    response = anyone.get(path)
    assert not {"server", "x-powered-by", "x-aspnet-version"} & set(response.headers)
