"""The app as a whole: what it declares, and what importing it costs."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import azure.functions as func
import msgspec
from openapi_spec_validator import OpenAPIV31SpecValidator
from shared.endpoint import declared

import function_app
from shared import openapi
from tests.models import MIXED, manifest

PROJECT = Path(__file__).parent.parent
IMPORT = """
import sys
from shared.model import LazyModel
LazyModel.preload = lambda self: None  # it loads in a thread, at its own pace
import function_app
print(*sys.modules)
"""


def imported(**environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT],
        cwd=PROJECT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_importing_it_loads_nothing_that_only_predictions_need() -> None:
    loaded = set(imported().stdout.split())
    assert "shared.scoring" in loaded
    assert not loaded & {"numpy", "sklearn", "pandas", "joblib", "scipy", "onnxruntime", "opencensus"}


def test_importing_it_loads_nothing_that_only_tables_need() -> None:
    loaded = set(imported().stdout.split())
    assert "shared.tables" in loaded
    assert not loaded & {"azure.core", "azure.data.tables", "azure.identity", "requests"}


def test_importing_it_never_fails_for_a_bad_setting() -> None:
    bad = {"TOKEN_KEY": "x", "USERS": "{", "MODEL_MANIFEST": "/nowhere", "TOKEN_LIFETIME_SECONDS": "ever"}
    assert imported(**bad).returncode == 0


def test_the_functions_of_the_contract_are_declared() -> None:
    assert {(each.method, each.path) for each in declared(function_app.app)} >= {
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


def test_whatever_is_not_meant_for_anyone_is_guarded() -> None:
    for_anyone = {"/", "/docs", "/assets/{path}", "/token", "/model", "/openapi.json", "/health/live", "/health/ready"}
    assert {each.path for each in declared(function_app.app) if not each.guard} <= for_anyone


def test_everything_is_anonymous_to_the_host_since_bearer_tokens_are_the_lock() -> None:
    assert function_app.app.auth_level is func.AuthLevel.ANONYMOUS


def test_there_is_no_catch_all_that_would_swallow_the_host_s_own_routes() -> None:
    assert not [each.route for each in declared(function_app.app) if each.route.startswith("{*")]


def test_its_document_is_valid_openapi(told: Callable[..., object]) -> None:
    document = msgspec.json.decode(openapi.document(declared(function_app.app), manifest(MIXED)))
    OpenAPIV31SpecValidator(document).validate()
