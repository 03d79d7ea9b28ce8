"""What anyone can see of the service: what browsers are told, and that nothing inside shows."""

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from shared.manifest import Manifest

FOR_ANYONE = ("/", "/docs", "/model", "/openapi.json", "/health/live", "/health/ready", "/assets/nothing")
PAGES = ("/", "/docs")


@pytest.mark.parametrize("path", FOR_ANYONE)
def test_no_answer_may_be_taken_for_another_type(anyone: httpx.Client, path: str) -> None:
    answer = anyone.get(path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "charset=utf-8" in answer.headers["Content-Type"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_its_own_scripts_only_and_stands_in_nobody_s_frame(anyone: httpx.Client, path: str) -> None:
    policy = dict(
        each.strip().partition(" ")[::2] for each in anyone.get(path).headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"


@pytest.mark.parametrize("path", [*FOR_ANYONE, "/predict", "/token"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_no_answer_lets_another_origin_read_it(anyone: httpx.Client, path: str, origin: str) -> None:
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for answer in (
        anyone.get(path, headers={"Origin": origin}),
        anyone.post(path, headers={"Origin": origin}, json={}),
        anyone.options(path, headers=preflight),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_the_manifest_for_anyone_has_no_path_and_no_setting(
    anyone: httpx.Client, adopted: tuple[Path, Manifest], works: Mapping[str, str]
) -> None:
    text = anyone.get("/model").text
    assert str(adopted[0].parent) not in text
    assert not any(value in text for name, value in works.items() if name in ("TOKEN_KEY", "USERS", "MODEL_MANIFEST"))
    assert len(text) < 20_000


def test_readiness_names_no_setting_path_or_user(anyone: httpx.Client) -> None:
    assert anyone.get("/health/ready").json() == {"status": "ready"}


@pytest.mark.parametrize("path", FOR_ANYONE)
def test_no_answer_names_what_runs_here(anyone: httpx.Client, path: str) -> None:
    answer = anyone.get(path)
    assert not {"server", "x-powered-by", "x-aspnet-version"} & set(answer.headers)
