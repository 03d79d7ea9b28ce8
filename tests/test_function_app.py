"""The app as a whole: what it declares, and what importing it costs."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import azure.functions as func
import msgspec
from openapi_spec_validator import OpenAPIV31SpecValidator

import function_app
from shared import openapi
from shared.endpoint import declared
from tests.models import MIXED, manifest

PROJECT = Path(__file__).parent.parent
IMPORT = "import sys, function_app; print(*sys.modules)"


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
    }


def test_only_predictions_are_guarded() -> None:
    guarded = {each.path for each in declared(function_app.app) if each.guard}
    assert guarded == {"/predict", "/predict_class"}


def test_everything_is_anonymous_to_the_host_since_bearer_tokens_are_the_lock() -> None:
    assert function_app.app.auth_level is func.AuthLevel.ANONYMOUS


def test_there_is_no_catch_all_that_would_swallow_the_host_s_own_routes() -> None:
    assert not [each.route for each in declared(function_app.app) if each.route.startswith("{*")]


def test_its_document_is_valid_openapi(told: Callable[..., object]) -> None:
    document = msgspec.json.decode(openapi.document(declared(function_app.app), manifest(MIXED)))
    OpenAPIV31SpecValidator(document).validate()
