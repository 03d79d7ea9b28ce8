"""The app as a whole: its routes, and the cost of importing it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import azure.functions as func
import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from shared.api import openapi
from shared.settings import Settings
from tests.app import App, load_app
from tests.models import MIXED, manifest

PROJECT = Path(__file__).parent.parent
IMPORT = """
import sys
from concurrent.futures import Future
from shared.model.loader import LazyModel
LazyModel.preload = lambda self: Future()  # it loads in a thread, at its own pace
import function_app
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    with load_app({}) as loaded:
        yield loaded


def imported(**environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", IMPORT]
    return subprocess.run(command, cwd=PROJECT, env=environ, capture_output=True, text=True, check=False)


def test_importing_it_loads_nothing_that_only_predictions_or_tables_need() -> None:
    loaded = set(imported().stdout.split())
    assert {"shared.predict", "shared.tables"} <= loaded
    assert not loaded & {"numpy", "sklearn", "pandas", "joblib", "scipy", "onnxruntime", "opencensus"}
    assert not loaded & {"azure.core", "azure.data.tables", "azure.identity", "requests"}


def test_importing_it_never_fails_for_a_bad_setting() -> None:
    bad = {
        "TOKEN_KEY": "x",
        "USERS": "{",
        "MODEL_MANIFEST": "/nowhere",
        "TOKEN_LIFETIME_SECONDS": "ever",
        "CHALLENGER_SHARE": "2",
    }
    assert imported(**bad).returncode == 0


def test_the_routes_of_the_contract_are_declared(app: App) -> None:
    assert {(route.method, route.path) for route in app.routes} >= {
        ("POST", "/token"),
        ("POST", "/predict"),
        ("POST", "/predict_class"),
        ("GET", "/model"),
        ("GET", "/openapi.json"),
        ("GET", "/health/live"),
        ("GET", "/health/ready"),
        ("GET", "/"),
        ("GET", "/docs"),
        ("GET", "/assets/{path}"),
    }


def test_every_route_that_is_not_public_needs_a_token(app: App) -> None:
    public = {"/", "/docs", "/assets/{path}", "/token", "/model", "/openapi.json", "/health/live", "/health/ready"}
    assert {route.path for route in app.routes if not route.authorize} <= public


def test_every_function_is_anonymous_to_the_host_because_bearer_tokens_are_the_lock(app: App) -> None:
    assert app.app.auth_level is func.AuthLevel.ANONYMOUS


def test_no_catch_all_route_hides_the_host_s_own_routes(app: App) -> None:
    assert not [route.pattern for route in app.routes if route.pattern.startswith("{*")]


def test_its_document_is_valid_openapi(app: App) -> None:
    document = openapi.document(app.routes, manifest(MIXED), Settings.read({}))
    OpenAPIV31SpecValidator(msgspec.json.decode(document)).validate()
