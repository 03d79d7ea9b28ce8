"""The main job over HTTP: log in, send instances, get scikit-learn's predictions; and the contract for bad input."""

import json
import socket
from typing import Any

import httpx
import pytest

from tests.conftest import KEY
from tests.services import Service

JSON = {"Content-Type": "application/json"}


def post(client: httpx.Client, content: str | bytes, path: str = "/predict", **headers: str) -> httpx.Response:
    return client.post(path, content=content, headers={**JSON, **headers})


def test_a_login_and_a_request_get_the_estimator_s_prediction(bearer: httpx.Client) -> None:
    response = bearer.post("/predict", json={"instances": [{"x": 0.25}, {"x": -1}]})
    assert response.status_code == 200
    body = response.json()
    assert body["predictions"] == pytest.approx([1.5, -1.0])
    assert body["warnings"] == []
    assert body["model"]["name"] == "line"
    assert body["request_id"] == response.headers["X-Request-Id"]


def test_the_same_request_gets_classes(bearer: httpx.Client) -> None:
    body = bearer.post("/predict_class", json={"instances": [{"x": -1}, {"x": 0}, {"x": 0.9}]}).json()
    assert body["predictions"] == ["Class0", "Class1", "Class2"]
    assert body["values"] == pytest.approx([-1.0, 1.0, 2.8])


def test_a_value_outside_the_training_range_is_predicted_with_a_warning(bearer: httpx.Client) -> None:
    body = bearer.post("/predict", json={"instances": [{"x": 3}, {"x": 0}, {"x": -3}]}).json()
    assert body["predictions"] == pytest.approx([7.0, 1.0, -5.0])
    assert body["warnings"] == [
        {
            "feature": "x",
            "range": [-1.0, 1.0],
            "instances": [0, 2],
            "detail": "2 instances are outside the range the model was trained on",
        }
    ]


def test_ten_thousand_instances_are_predicted_in_order(bearer: httpx.Client) -> None:
    values = [i / 10_000 for i in range(10_000)]
    body = bearer.post("/predict", json={"instances": [{"x": value} for value in values]}).json()
    assert body["predictions"] == pytest.approx([2 * value + 1 for value in values])


def test_a_caller_s_trace_is_continued(bearer: httpx.Client) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    response = post(bearer, '{"instances":[{"x":0}]}', traceparent=f"00-{trace}-b7ad6b7169203331-01")
    assert response.headers["X-Request-Id"] == trace


def test_a_success_has_the_time_of_each_step(bearer: httpx.Client) -> None:
    bearer.post("/predict", json={"instances": [{"x": 0}]})
    timing = bearer.post("/predict", json={"instances": [{"x": 0}]}).headers["Server-Timing"]
    assert [step.partition(";")[0] for step in timing.split(", ")] == ["auth", "decode", "model", "encode"]


@pytest.mark.parametrize("path", ["/predict", "/predict_class"])
@pytest.mark.parametrize(
    ("content", "status", "kind"),
    [
        ("", 400, "malformed-json"),
        ("{", 400, "malformed-json"),
        ('{"instances":[{"x":NaN}]}', 400, "malformed-json"),
        ('{"instances":[{"x":Infinity}]}', 400, "malformed-json"),
        (b'{"instances":[{"x":"\xff"}]}', 400, "malformed-json"),
        ("[" * 200_000, 400, "malformed-json"),
        ("{}", 422, "invalid-instances"),
        ("[]", 422, "invalid-instances"),
        ('{"instances":[]}', 422, "invalid-instances"),
        ('{"instances":[{}]}', 422, "invalid-instances"),
        ('{"instances":[{"x":null}]}', 422, "invalid-instances"),
        ('{"instances":[{"x":"1"}]}', 422, "invalid-instances"),
        ('{"instances":[{"x":true}]}', 422, "invalid-instances"),
        ('{"instances":[{"x":1e999}]}', 422, "invalid-instances"),
        ('{"instances":[{"x":1,"y":2}]}', 422, "invalid-instances"),
        ('{"instances":[{"x":1}],"more":2}', 422, "invalid-instances"),
        ('{"instances":[{"x":1.7e308}]}', 422, "invalid-instances"),
    ],
)
def test_bad_input_gets_the_status_of_the_contract(
    bearer: httpx.Client, path: str, content: str | bytes, status: int, kind: str
) -> None:
    response = post(bearer, content, path)
    assert (response.status_code, response.json()["type"]) == (status, f"/problems/{kind}")
    assert response.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert response.json()["instance"] == path


def test_every_bad_field_is_listed_up_to_twenty(bearer: httpx.Client) -> None:
    two = post(bearer, '{"instances":[{"x":"a"},{"x":1},{"x":null}]}').json()["errors"]
    assert two == [
        {"pointer": "/instances/0/x", "detail": "must be a number"},
        {"pointer": "/instances/2/x", "detail": "must not be null"},
    ]
    fifty = post(bearer, json.dumps({"instances": [{"x": None}] * 50})).json()["errors"]
    assert len(fifty) == 20


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
def test_another_content_type_is_415(bearer: httpx.Client, content_type: str) -> None:
    response = bearer.post("/predict", content="{}", headers={"Content-Type": content_type})
    assert (response.status_code, response.json()["type"]) == (415, "/problems/unsupported-media-type")


def test_more_than_ten_thousand_instances_are_413(bearer: httpx.Client) -> None:
    response = bearer.post("/predict", json={"instances": [{"x": 0}] * 10_001})
    assert (response.status_code, response.json()["type"]) == (413, "/problems/too-many-instances")


def test_a_body_over_10_mib_is_413_for_anyone(anyone: httpx.Client, bearer: httpx.Client) -> None:
    limit = b" " * (10 * 1024 * 1024)
    assert post(bearer, limit).status_code == 400
    assert post(bearer, limit + b" ").status_code == 413
    assert post(anyone, limit + b" ").status_code == 413


def test_without_a_token_it_is_401_before_the_body_is_read(anyone: httpx.Client) -> None:
    response = anyone.post("/predict", content="{", headers={"Content-Type": "text/plain"})
    assert (response.status_code, response.json()["type"]) == (401, "/problems/unauthorized")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="egl-ml"'


@pytest.mark.parametrize("credentials", ["Bearer x", "Bearer a.b.c", "bearer " + "a" * 20_000, "Bearer é".encode()])
def test_a_bad_token_is_401_with_its_error_code(anyone: httpx.Client, credentials: str | bytes) -> None:
    response = anyone.post("/predict", json={}, headers={"Authorization": credentials})
    assert (response.status_code, response.json()["type"]) == (401, "/problems/invalid-token")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="egl-ml", error="invalid_token"'


def test_basic_credentials_and_a_token_in_the_query_do_not_count(service: Service, token: str) -> None:
    for path, headers in (
        ("/predict", {"Authorization": "Basic YWJpOnBhc3N3b3Jk"}),
        (f"/predict?access_token={token}", {}),
    ):
        response = httpx.post(f"{service.url}{path}", json={}, headers=headers)
        assert response.json()["type"] == "/problems/unauthorized"


@pytest.mark.parametrize(
    ("content", "media_type", "status", "error"),
    [
        ("grant_type=password&username=abi&password=wrong", "application/x-www-form-urlencoded", 401, "invalid_grant"),
        (
            "grant_type=password&username=eve&password=password",
            "application/x-www-form-urlencoded",
            401,
            "invalid_grant",
        ),
        ("grant_type=password&username=abi", "application/x-www-form-urlencoded", 400, "invalid_request"),
        (
            "grant_type=password&username=abi&username=abi&password=x",
            "application/x-www-form-urlencoded",
            400,
            "invalid_request",
        ),
        ("grant_type=client_credentials", "application/x-www-form-urlencoded", 400, "unsupported_grant_type"),
        ("{", "application/json", 400, "invalid_request"),
        ("x", "text/plain", 415, "invalid_request"),
    ],
)
def test_a_refused_login_has_rfc_6749_s_form(
    anyone: httpx.Client, content: str, media_type: str, status: int, error: str
) -> None:
    response = anyone.post("/token", content=content, headers={"Content-Type": media_type})
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.json()["request_id"] == response.headers["X-Request-Id"]
    assert response.headers["Cache-Control"] == "no-store"


def test_unknown_user_and_wrong_password_get_the_same_response(anyone: httpx.Client) -> None:
    def refused(name: str) -> tuple[Any, Any]:
        form = {"grant_type": "password", "username": name, "password": "wrong"}
        response = anyone.post("/token", data=form)
        changing = ("date", "x-request-id")
        members = {member: value for member, value in response.json().items() if member != "request_id"}
        return members, {name: value for name, value in response.headers.items() if name not in changing}

    assert refused("abi") == refused("nobody")


def test_a_token_response_has_the_members_of_rfc_6749(anyone: httpx.Client) -> None:
    body = {"grant_type": "password", "username": "abi", "password": "password"}
    for response in (anyone.post("/token", data=body), anyone.post("/token", json=body)):
        assert set(response.json()) == {"access_token", "token_type", "expires_in"}
        assert response.json()["token_type"] == "Bearer"
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/predict"), ("PUT", "/token"), ("GET", "/nothing"), ("POST", "/")]
)
def test_a_wrong_method_or_route_is_the_host_s_empty_404(anyone: httpx.Client, method: str, path: str) -> None:
    response = anyone.request(method, path)
    assert (response.status_code, response.content) == (404, b"")


@pytest.mark.parametrize(("path", "kind"), [("/predict", "malformed-json"), ("/token", "invalid-request")])
def test_a_chunked_body_arrives_empty_and_the_refusal_names_the_cause(
    bearer: httpx.Client, path: str, kind: str
) -> None:
    response = bearer.post(path, content=iter([b'{"instances":[{"x":0}]}']), headers=JSON)
    assert (response.status_code, response.json()["type"]) == (400, f"/problems/{kind}")
    assert "chunked body arrives empty" in response.json()["detail"]
    assert "send Content-Length" in response.json()["detail"]


def test_headers_over_32_kib_are_431(anyone: httpx.Client) -> None:
    response = anyone.post("/predict", json={}, headers={"X-Long": "a" * 40_000})
    assert (response.status_code, response.content) == (431, b"")


@pytest.mark.parametrize("path", ["/", "/model", "/openapi.json", "/health/live", "/health/ready"])
def test_public_routes_need_no_token(anyone: httpx.Client, path: str) -> None:
    response = anyone.get(path)
    assert response.status_code == 200
    assert "charset=utf-8" in response.headers["Content-Type"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Request-Id" in response.headers


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/model", "/openapi.json", "/health/live", "/health/ready", "/assets/home.css"]
)
def test_head_has_the_headers_of_get_and_no_body(anyone: httpx.Client, path: str) -> None:
    whole, head = anyone.get(path), anyone.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers["Content-Type"] == whole.headers["Content-Type"]
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert "X-Request-Id" in head.headers


def test_the_golden_examples_in_openapi_have_the_manifest_s_predictions(
    anyone: httpx.Client, bearer: httpx.Client
) -> None:
    document = anyone.get("/openapi.json").json()
    for path in ("/predict", "/predict_class"):
        operation = document["paths"][path]["post"]
        sent = operation["requestBody"]["content"]["application/json"]["example"]
        expected = operation["responses"]["200"]["content"]["application/json"]["example"]
        response = bearer.post(path, json=sent).json()
        assert {**response, "request_id": ""} == {**expected, "request_id": ""}


def test_no_response_to_a_failure_contains_what_was_sent_or_configured(service: Service, token: str) -> None:
    with service.client() as client:
        responses = [
            client.post("/token", data={"grant_type": "password", "username": "abi", "password": "a-wrong-one"}),
            client.post("/predict", json={}, headers={"Authorization": f"Bearer {token}x"}),
            client.post("/predict", content="{", headers={"Authorization": f"Bearer {token}", **JSON}),
        ]
    output = "".join(response.text + str(response.headers) for response in responses) + "".join(service.lines)
    for secret in (KEY, token, "a-wrong-one", "Traceback"):
        assert secret not in output


def test_a_connection_that_breaks_hurts_nobody_else(service: Service, bearer: httpx.Client) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as half:
        half.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert bearer.post("/predict", json={"instances": [{"x": 0}]}).status_code == 200
