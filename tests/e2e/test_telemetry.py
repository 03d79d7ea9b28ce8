"""What the running service tells of its requests: the whole story, and no secret."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx
import pytest

from shared.settings import DEMO_HASH
from tests.conftest import KEY
from tests.ingestion import Ingestion, Item
from tests.services import serving

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OPERATION = CALLER.split("-")[1]
WRONG = "a-password-that-is-wrong"


@dataclass
class Told:
    """What the service told, what it must not have, and how long one of its predictions took for the client."""

    items: list[Item]
    secrets: Mapping[str, str]
    took_ms: float

    def of(self, operation_id: str) -> list[Item]:
        return [item for item in self.items if item["tags"].get("ai.operation.id") == operation_id]


@pytest.fixture(scope="module")
def told(environ: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Telemetry of a login, a failed login, two predictions, a refused one, and a token that is no token."""
    ingestion = Ingestion()
    where = {"APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string}
    with serving({**environ, **where, "TMPDIR": str(tmp_path_factory.mktemp("kept"))}) as service:
        token = service.login()
        with service.client(token) as client:
            assert client.post("/predict", json={"instances": [{"bmi": 0.0617}]}).status_code == 200  # loads the model
            before = time.perf_counter()
            traced = client.post("/predict", json={"instances": [{"bmi": 0.0617}]}, headers={"traceparent": CALLER})
            took = (time.perf_counter() - before) * 1000
            assert traced.status_code == 200
            assert client.post("/predict", json={"instances": [{"bmi": "secretive"}]}).status_code == 422
        form = {"grant_type": "password", "username": "abi", "password": WRONG}
        assert httpx.post(f"{service.url}/token", data=form).status_code == 401
        forged = {"Authorization": f"Bearer {token}forged"}
        assert httpx.post(f"{service.url}/predict", json={}, headers=forged).status_code == 401
    secrets = {
        "the token key": environ["TOKEN_KEY"],
        "the password's hash": json.loads(environ["USERS"])["abi"],
        "a password": WRONG,
        "the token": token,
        "the token's signature": token.rpartition(".")[2],
        "the connection string": ingestion.connection_string,
        "a feature's value": "0.0617",
        "a feature's bad value": "secretive",
    }
    yield Told(ingestion.items, secrets, took)
    ingestion.end()


@pytest.fixture(scope="module")
def environ() -> Mapping[str, str]:
    """Settings with which everything works."""
    users = json.dumps({"abi": DEMO_HASH})
    return {"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "TOKEN_KEY": KEY, "USERS": users}


def test_no_secret_and_no_feature_value_is_told(told: Told) -> None:
    everything = json.dumps(told.items, ensure_ascii=False)
    assert len(told.items) > 10
    assert [name for name, secret in told.secrets.items() if secret in everything] == []


def test_a_prediction_is_a_request_of_the_caller_s_and_an_invocation_of_the_request_s(told: Told) -> None:
    items = {item["data"]["baseType"]: item for item in told.of(OPERATION)}
    request, invocation = items["RequestData"], items["RemoteDependencyData"]
    assert request["tags"]["ai.operation.parentId"] == "00f067aa0ba902b7"
    assert invocation["tags"]["ai.operation.parentId"] == request["data"]["baseData"]["id"]
    assert (
        invocation["data"]["baseData"]["properties"]["invocation_id"]
        == request["data"]["baseData"]["properties"]["InvocationId"]
    )
    assert invocation["tags"]["ai.user.authUserId"] == "abi"


def test_the_wide_event_says_what_the_design_promises(told: Told) -> None:
    (item,) = [each for each in told.of(OPERATION) if each["data"]["baseType"] == "RemoteDependencyData"]
    invocation = item["data"]["baseData"]
    assert (invocation["name"], invocation["type"], invocation["resultCode"]) == ("predict", "invocation", "200")
    assert set(invocation["measurements"]) == {"auth_ms", "decode_ms", "model_ms", "encode_ms", "total_ms"}
    assert set(invocation["properties"]) == {
        *("outcome", "status", "build", "cold_start", "invocation_id", "sequence", "model_name", "model_version"),
        *("instances", "warnings", "prediction_min", "prediction_mean", "prediction_max"),
    }
    steps = sum(took for name, took in invocation["measurements"].items() if name != "total_ms")
    assert 0 < steps <= invocation["measurements"]["total_ms"] <= told.took_ms


def test_the_first_invocation_alone_is_a_cold_start(told: Told) -> None:
    starts = [item["data"]["baseData"]["properties"].get("cold_start") for item in told.items]
    assert starts.count("True") == 1


def test_logins_leave_lines_with_their_operation(told: Told) -> None:
    lines = [item for item in told.items if item["data"]["baseType"] == "MessageData"]
    said = {item["data"]["baseData"]["message"]: item for item in lines}
    failed = said["login failed for abi"]
    assert failed["data"]["baseData"]["severityLevel"] == 2
    assert {item["data"]["baseType"] for item in told.of(failed["tags"]["ai.operation.id"])} == {
        "MessageData",
        "RemoteDependencyData",
        "RequestData",
    }


def test_refusals_are_told_with_their_problem(told: Told) -> None:
    outcomes = [item["data"]["baseData"]["properties"].get("outcome") for item in told.items]
    assert {"ok", "invalid-instances", "invalid-grant", "invalid-token"} <= set(outcomes)
    failures = [item["data"]["baseData"].get("success") for item in told.items]
    assert False not in failures


def test_the_process_says_once_what_it_is_and_what_its_model_was_trained_on(told: Told) -> None:
    events = [item["data"]["baseData"] for item in told.items if item["data"]["baseType"] == "EventData"]
    assert [event["name"] for event in events] == ["started"]
    assert {"build", "python", "scikit_learn", "settings_hash", "model_name", "model_version"} <= set(
        events[0]["properties"]
    )
