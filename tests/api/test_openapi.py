"""The OpenAPI document: valid, and true of what was declared."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from shared import auth, openapi, schemas, scoring
from shared.endpoint import FORM, JSON, Declaration
from shared.manifest import Example, Manifest
from shared.problems import NoClasses
from tests.models import BANDS, MIXED, SIGNS, manifest

PREDICT = Declaration(
    "POST",
    "predict",
    name="predict",
    doc="Predict.\nMore of it.",
    guard=auth.guard,
    takes=schemas.request_type,
    gives=schemas.predictions_type,
    problems=scoring.PROBLEMS,
)
CLASS = Declaration(
    "POST",
    "predict_class",
    name="predict_class",
    guard=auth.guard,
    takes=schemas.request_type,
    gives=schemas.classes_type,
    problems=(*scoring.PROBLEMS, NoClasses),
)
TOKEN = Declaration(
    "POST",
    "token",
    name="token",
    takes=auth.PasswordGrant,
    media_types=(FORM, JSON),
    gives=auth.TokenAnswer,
    problems=auth.LOGIN_PROBLEMS,
    oauth=True,
)
ASSET = Declaration("GET", "assets/{*path}", name="assets", gives=str, answers="text/plain")

MANIFESTS = {
    "plain": manifest(),
    "bands": manifest(output=BANDS, examples=(Example(instance={"x": 0.5}, prediction=1.0, class_="high"),)),
    "mixed": manifest(MIXED),
    "classifier": manifest(
        kind="classifier",
        output=SIGNS,
        examples=(Example(instance={"x": 1}, prediction="high", probabilities={"low": 0.2, "high": 0.8}),),
    ),
}


def document(of: Manifest = MANIFESTS["plain"]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(openapi.document((PREDICT, CLASS, TOKEN, ASSET), of))
    return found


def operation(path: str, of: Manifest = MANIFESTS["plain"]) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(document(of)["paths"][path].values()))
    return found


@pytest.mark.parametrize("of", MANIFESTS.values(), ids=MANIFESTS)
def test_the_document_is_valid_openapi_31_for_any_model(of: Manifest) -> None:
    assert document(of)["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document(of)).validate()


def test_title_and_version_are_the_model_s() -> None:
    assert document()["info"] == {"title": "test-model", "version": "1", "description": ""}


def test_summary_and_description_come_from_the_docstring() -> None:
    assert (operation("/predict")["summary"], operation("/predict")["description"]) == ("Predict.", "More of it.")


def test_only_guarded_operations_ask_for_a_token() -> None:
    assert operation("/predict")["security"] == [{"password": []}, {"bearer": []}]
    assert "security" not in operation("/token")


def test_an_issuer_is_another_way_in_and_one_of_its_scopes_is_enough(told: Callable[..., object]) -> None:
    issuer = {"OIDC_ISSUER": "https://issuer.example/t", "OIDC_AUDIENCE": "api", "OIDC_REQUIRED_SCOPE": "a b"}
    told(TOKEN_KEY="k" * 32, **issuer)
    assert operation("/predict")["security"] == [{"password": []}, {"bearer": []}, {"issuer": ["a"]}, {"issuer": ["b"]}]
    assert document()["components"]["securitySchemes"]["issuer"] == {
        "type": "openIdConnect",
        "openIdConnectUrl": "https://issuer.example/t/.well-known/openid-configuration",
    }
    assert "403" in operation("/predict")["responses"]
    OpenAPIV31SpecValidator(document()).validate()


def test_without_local_tokens_there_is_no_token_endpoint(told: Callable[..., object]) -> None:
    told(LOCAL_TOKENS="false", OIDC_ISSUER="https://issuer.example/t", OIDC_AUDIENCE="api")
    assert "/token" not in document()["paths"]
    assert set(document()["components"]["securitySchemes"]) == {"bearer", "issuer"}
    assert operation("/predict")["security"] == [{"bearer": []}, {"issuer": []}]


def test_every_answer_names_the_headers_that_it_carries() -> None:
    answers = operation("/predict")["responses"]
    assert all({"X-Request-Id", "X-Content-Type-Options"} <= set(each["headers"]) for each in answers.values())
    assert "WWW-Authenticate" in answers["401"]["headers"]
    assert "Retry-After" in answers["503"]["headers"]


def test_statuses_are_those_that_the_endpoint_and_its_frame_answer() -> None:
    both = ["200", "400", "401", "413", "415", "422", "500", "502", "503"]
    assert list(operation("/predict")["responses"]) == both
    assert list(operation("/predict_class")["responses"]) == sorted([*both, "404"])
    assert list(operation("/assets/{path}")["responses"]) == ["200", "500"]


def test_the_token_endpoint_s_errors_have_rfc_6749_s_members_in_plain_json() -> None:
    content = operation("/token")["responses"]["401"]["content"]
    assert content == {"application/json": {"schema": {"$ref": "#/components/schemas/TokenProblemBody"}}}
    assert "error_description" in document()["components"]["schemas"]["TokenProblemBody"]["required"]


def test_the_token_endpoint_takes_a_form_and_json() -> None:
    assert set(operation("/token")["requestBody"]["content"]) == {FORM, JSON}


def test_a_path_parameter_is_declared() -> None:
    assert [each["name"] for each in operation("/assets/{path}")["parameters"]] == ["path"]


@pytest.mark.parametrize("of", MANIFESTS.values(), ids=MANIFESTS)
def test_the_request_s_example_is_the_golden_one_and_decodes(of: Manifest) -> None:
    example = operation("/predict", of)["requestBody"]["content"][JSON]["example"]
    if of is not MANIFESTS["mixed"]:
        assert schemas.contract(of).decode(json.dumps(example).encode())
    assert example == {"instances": [{"x": of.examples[0].instance["x"]}]}


def test_the_answers_examples_are_what_the_golden_examples_answer() -> None:
    def answered(path: str, kind: str) -> dict[str, Any]:
        example: dict[str, Any] = operation(path, MANIFESTS[kind])["responses"]["200"]["content"][JSON]["example"]
        return example

    assert answered("/predict", "bands")["predictions"] == [1.0]
    assert answered("/predict_class", "bands")["predictions"] == ["high"]
    assert answered("/predict_class", "bands")["values"] == [1.0]
    assert answered("/predict_class", "classifier")["probabilities"] == [{"low": 0.2, "high": 0.8}]


def test_an_endpoint_that_is_not_listed_is_not_there() -> None:
    page = Declaration("GET", "docs", name="docs", gives=str, listed=False)
    assert list(json.loads(openapi.document((PREDICT, page), MANIFESTS["plain"]))["paths"]) == ["/predict"]


def test_a_model_without_classes_shows_no_example_of_them() -> None:
    assert "example" not in operation("/predict_class")["responses"]["200"]["content"][JSON]
