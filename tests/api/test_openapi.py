"""The OpenAPI document: valid, and in agreement with the routes."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from shared.api import openapi
from shared.api.routes import FORM, JSON, Route
from shared.auth import LOGIN_PROBLEMS, PasswordGrant, TokenResponse
from shared.model import schemas
from shared.model.manifest import Example, Manifest
from shared.predict import PREDICT_PROBLEMS
from shared.problems import NoClasses
from shared.settings import Settings
from tests.models import BANDS, MIXED, SIGNS, manifest


async def authorize(authorization: str | None) -> str:
    return "abi"


PREDICT = Route(
    "POST",
    "predict",
    name="predict",
    doc="Predict.\nMore of it.",
    authorize=authorize,
    request_model=schemas.instances_type,
    response_model=schemas.predictions_type,
    problems=PREDICT_PROBLEMS,
)
CLASS = Route(
    "POST",
    "predict_class",
    name="predict_class",
    authorize=authorize,
    request_model=schemas.instances_type,
    response_model=schemas.classes_type,
    problems=(*PREDICT_PROBLEMS, NoClasses),
)
TOKEN = Route(
    "POST",
    "token",
    name="token",
    request_model=PasswordGrant,
    accepts=(FORM, JSON),
    response_model=TokenResponse,
    problems=LOGIN_PROBLEMS,
    oauth=True,
)
ASSET = Route("GET", "assets/{*path}", name="assets", response_model=str, media_type="text/plain")

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


def document(described: Manifest = MANIFESTS["plain"], **environ: str) -> dict[str, Any]:
    routes = (PREDICT, CLASS, TOKEN, ASSET)
    decoded: dict[str, Any] = json.loads(openapi.document(routes, described, Settings.read(environ)))
    return decoded


def operation(path: str, described: Manifest = MANIFESTS["plain"], **environ: str) -> dict[str, Any]:
    (single,) = document(described, **environ)["paths"][path].values()
    assert isinstance(single, dict)
    return single


@pytest.mark.parametrize("described", MANIFESTS.values(), ids=MANIFESTS)
def test_the_document_is_valid_openapi_31_for_any_model(described: Manifest) -> None:
    assert document(described)["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document(described)).validate()


def test_title_and_version_are_the_model_s() -> None:
    assert document()["info"] == {"title": "test-model", "version": "1", "description": ""}


def test_summary_and_description_come_from_the_docstring() -> None:
    assert (operation("/predict")["summary"], operation("/predict")["description"]) == ("Predict.", "More of it.")


def test_only_protected_operations_require_a_token() -> None:
    assert operation("/predict")["security"] == [{"password": []}, {"bearer": []}]
    assert "security" not in operation("/token")


def test_an_issuer_s_token_is_an_alternative_and_one_of_its_scopes_is_enough() -> None:
    issuer = {"OIDC_ISSUER": "https://issuer.example/t", "OIDC_AUDIENCE": "api", "OIDC_REQUIRED_SCOPE": "a b"}
    predict = operation("/predict", **issuer)
    assert predict["security"] == [{"password": []}, {"bearer": []}, {"issuer": ["a"]}, {"issuer": ["b"]}]
    assert document(**issuer)["components"]["securitySchemes"]["issuer"] == {
        "type": "openIdConnect",
        "openIdConnectUrl": "https://issuer.example/t/.well-known/openid-configuration",
    }
    assert "403" in predict["responses"]
    OpenAPIV31SpecValidator(document(**issuer)).validate()


def test_without_local_tokens_there_is_no_token_endpoint() -> None:
    issuer = {
        "LOCAL_TOKENS": "false",
        "OIDC_ISSUER": "https://issuer.example/t",
        "OIDC_AUDIENCE": "api",
        "OIDC_REQUIRED_SCOPE": "a",
    }
    assert "/token" not in document(**issuer)["paths"]
    assert set(document(**issuer)["components"]["securitySchemes"]) == {"bearer", "issuer"}
    assert operation("/predict", **issuer)["security"] == [{"bearer": []}, {"issuer": ["a"]}]


def test_every_response_lists_its_headers() -> None:
    responses = operation("/predict")["responses"]
    always = {"X-Request-Id", "X-Content-Type-Options"}
    assert all(always <= set(response["headers"]) for response in responses.values())
    assert "WWW-Authenticate" in responses["401"]["headers"]
    assert "Retry-After" in responses["503"]["headers"]


def test_statuses_are_those_of_the_handler_and_its_frame() -> None:
    both = ["200", "400", "401", "413", "415", "422", "500", "502", "503"]
    assert list(operation("/predict")["responses"]) == both
    assert list(operation("/predict_class")["responses"]) == sorted([*both, "404"])
    assert list(operation("/assets/{path}")["responses"]) == ["200", "500"]


def test_the_token_endpoint_s_errors_have_rfc_6749_s_members_in_plain_json() -> None:
    content = operation("/token")["responses"]["401"]["content"]
    assert list(content) == [JSON]
    assert content[JSON]["schema"] == {"$ref": "#/components/schemas/TokenProblemDetails"}
    assert content[JSON]["examples"]["invalid-grant"]["value"]["error"] == "invalid_grant"
    assert "error_description" in document()["components"]["schemas"]["TokenProblemDetails"]["required"]


def test_the_token_endpoint_is_declared_with_a_form_only() -> None:
    """Generators make two calls of two media types, or choose the wrong one."""
    assert list(operation("/token")["requestBody"]["content"]) == [FORM]


def problem_examples(path: str, described: Manifest = MANIFESTS["plain"], **environ: str) -> dict[str, Any]:
    """Return the examples of all problems of an operation, by slug."""
    found: dict[str, Any] = {}
    for status, response in operation(path, described, **environ)["responses"].items():
        for content in response["content"].values():
            examples = content.get("examples", {})
            assert all(example["value"]["status"] == int(status) for example in examples.values())
            found |= {slug: example["value"] for slug, example in examples.items()}
    return found


@pytest.mark.parametrize("described", MANIFESTS.values(), ids=MANIFESTS)
def test_every_problem_has_one_example_with_its_type_and_path(described: Manifest) -> None:
    for route in (PREDICT, CLASS, TOKEN):
        examples = problem_examples(route.path, described)
        assert {problem.slug for problem in route.problems} <= set(examples)
        assert {slug: example["type"] for slug, example in examples.items()} == {
            slug: f"/problems/{slug}" for slug in examples
        }
        assert {example["instance"] for example in examples.values()} == {route.path}


def test_the_example_of_wrong_instances_has_the_model_s_first_feature() -> None:
    invalid = problem_examples("/predict", MANIFESTS["bands"])["invalid-instances"]
    assert invalid["errors"] == [{"pointer": "/instances/0/x", "detail": "must be a number"}]
    errors = problem_examples("/predict", MANIFESTS["mixed"])["invalid-instances"]["errors"]
    assert {"pointer": "/instances/0/body mass~1index", "detail": "must be a number"} in errors


def test_the_examples_have_the_details_of_usual_mistakes() -> None:
    details = {slug: example["detail"] for slug, example in problem_examples("/predict").items()}
    assert "NaN is no value, send null or a number" in details["malformed-json"]
    assert details["too-many-instances"] == "One request may hold 10000 instances"
    assert details["too-large"] == "The body may have 10485760 bytes"
    assert details["unsupported-media-type"] == "Send application/json in UTF-8, and not text/plain"
    assert problem_examples("/token")["invalid-request"]["error_description"] == "Missing: password"
    assert problem_examples("/token")["too-large"]["detail"] == "A token request may have 16384 bytes"


def test_a_problem_with_a_scope_has_an_example_too() -> None:
    issuer = {"OIDC_ISSUER": "https://issuer.example/t", "OIDC_AUDIENCE": "api", "OIDC_REQUIRED_SCOPE": "a b"}
    assert "insufficient-scope" in problem_examples("/predict", **issuer)


def test_a_path_parameter_is_declared() -> None:
    assert [parameter["name"] for parameter in operation("/assets/{path}")["parameters"]] == ["path"]


@pytest.mark.parametrize("described", MANIFESTS.values(), ids=MANIFESTS)
def test_the_request_s_example_is_the_golden_one_and_decodes(described: Manifest) -> None:
    example = operation("/predict", described)["requestBody"]["content"][JSON]["example"]
    if described is not MANIFESTS["mixed"]:
        assert schemas.build(described).decode(json.dumps(example).encode())
    assert example == {"instances": [{"x": described.examples[0].instance["x"]}]}


def test_the_responses_examples_are_the_results_of_the_golden_examples() -> None:
    def response(path: str, kind: str) -> dict[str, Any]:
        example: dict[str, Any] = operation(path, MANIFESTS[kind])["responses"]["200"]["content"][JSON]["example"]
        return example

    assert response("/predict", "bands")["predictions"] == [1.0]
    assert response("/predict_class", "bands")["predictions"] == ["high"]
    assert response("/predict_class", "bands")["values"] == [1.0]
    assert response("/predict_class", "classifier")["probabilities"] == [{"low": 0.2, "high": 0.8}]


def test_a_route_that_is_not_listed_is_left_out() -> None:
    page = Route("GET", "docs", name="docs", response_model=str, listed=False)
    listed = json.loads(openapi.document((PREDICT, page), MANIFESTS["plain"], Settings.read({})))
    assert list(listed["paths"]) == ["/predict"]


def test_a_model_without_classes_shows_no_example_of_them() -> None:
    assert "example" not in operation("/predict_class")["responses"]["200"]["content"][JSON]


def test_entity_id_is_there_only_with_a_feature_store() -> None:
    def instance(**environ: str) -> dict[str, Any]:
        members: dict[str, Any] = document(MANIFESTS["mixed"], **environ)["components"]["schemas"]["Instance"]
        return members

    assert "entity_id" in instance(FEATURES_SOURCE="table")["properties"]
    assert instance(FEATURES_SOURCE="table").get("required", []) == []
    assert "entity_id" not in instance()["properties"]
    assert instance()["required"] == ["body mass/index", "smoker?"]
