"""The telemetry of the running service: complete, and without a secret."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpx
import pytest

from tests.ingestion import Ingestion, Item
from tests.services import serving

VALUE = 0.0617283951  # with more digits than a duration could have by chance
CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OPERATION = CALLER.split("-")[1]
WRONG = "a-password-that-is-wrong"


@dataclass
class Sent:
    """The items that arrived, the secrets that must not, and the client's time for one of the predictions."""

    items: list[Item]
    secrets: Mapping[str, str]
    took_ms: float

    def of(self, operation_id: str) -> list[Item]:
        return [item for item in self.items if item["tags"].get("ai.operation.id") == operation_id]


@pytest.fixture(scope="module")
def sent(works: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    """Telemetry of a login, a failed login, two predictions, a refused one, and a forged token."""
    ingestion = Ingestion()
    destination = {"APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string}
    with serving({**works, **destination, "TMPDIR": str(tmp_path_factory.mktemp("kept"))}) as service:
        token = service.login()
        with service.client(token) as client:
            assert client.post("/predict", json={"instances": [{"x": VALUE}]}).status_code == 200  # loads the model
            before = time.perf_counter()
            traced = client.post("/predict", json={"instances": [{"x": VALUE}]}, headers={"traceparent": CALLER})
            took_ms = (time.perf_counter() - before) * 1000
            assert traced.status_code == 200
            assert client.post("/predict", json={"instances": [{"x": "secretive"}]}).status_code == 422
        form = {"grant_type": "password", "username": "abi", "password": WRONG}
        assert httpx.post(f"{service.url}/token", data=form).status_code == 401
        forged = {"Authorization": f"Bearer {token}forged"}
        assert httpx.post(f"{service.url}/predict", json={}, headers=forged).status_code == 401
    secrets = {
        "the token key": works["TOKEN_KEY"],
        "the password's hash": json.loads(works["USERS"])["abi"],
        "a password": WRONG,
        "the token": token,
        "the token's signature": token.rpartition(".")[2],
        "the connection string": ingestion.connection_string,
        "a feature's value": str(VALUE),
        "a feature's bad value": "secretive",
    }
    yield Sent(ingestion.items, secrets, took_ms)
    ingestion.end()


def test_no_secret_and_no_feature_value_is_sent(sent: Sent) -> None:
    everything = json.dumps(sent.items, ensure_ascii=False)
    assert len(sent.items) > 10
    assert [name for name, secret in sent.secrets.items() if secret in everything] == []


def test_an_invocation_is_a_child_of_its_request_and_that_of_the_caller(sent: Sent) -> None:
    items = {item["data"]["baseType"]: item for item in sent.of(OPERATION)}
    request, invocation = items["RequestData"], items["RemoteDependencyData"]
    assert request["tags"]["ai.operation.parentId"] == "00f067aa0ba902b7"
    assert invocation["tags"]["ai.operation.parentId"] == request["data"]["baseData"]["id"]
    assert (
        invocation["data"]["baseData"]["properties"]["invocation_id"]
        == request["data"]["baseData"]["properties"]["InvocationId"]
    )
    assert invocation["tags"]["ai.user.authUserId"] == "abi"


def test_the_wide_event_has_the_documented_members(sent: Sent) -> None:
    (item,) = [item for item in sent.of(OPERATION) if item["data"]["baseType"] == "RemoteDependencyData"]
    invocation = item["data"]["baseData"]
    assert (invocation["name"], invocation["type"], invocation["resultCode"]) == ("predict", "invocation", "200")
    assert set(invocation["measurements"]) == {"auth_ms", "decode_ms", "model_ms", "encode_ms", "total_ms"}
    assert set(invocation["properties"]) == {
        *("outcome", "status", "build", "cold_start", "invocation_id", "sequence", "model_name", "model_version"),
        *("instances", "warnings", "prediction_min", "prediction_mean", "prediction_max"),
    }
    steps = sum(ms for name, ms in invocation["measurements"].items() if name != "total_ms")
    assert 0 < steps <= invocation["measurements"]["total_ms"] <= sent.took_ms


def test_the_first_invocation_alone_is_a_cold_start(sent: Sent) -> None:
    starts = [item["data"]["baseData"]["properties"].get("cold_start") for item in sent.items]
    assert starts.count("True") == 1


def test_log_lines_of_logins_carry_their_operation(sent: Sent) -> None:
    lines = [item for item in sent.items if item["data"]["baseType"] == "MessageData"]
    by_message = {item["data"]["baseData"]["message"]: item for item in lines}
    failed = by_message["login failed for abi"]
    assert failed["data"]["baseData"]["severityLevel"] == 2
    assert {item["data"]["baseType"] for item in sent.of(failed["tags"]["ai.operation.id"])} == {
        "MessageData",
        "RemoteDependencyData",
        "RequestData",
    }


def test_refusals_are_sent_with_their_problem(sent: Sent) -> None:
    outcomes = [item["data"]["baseData"]["properties"].get("outcome") for item in sent.items]
    assert {"ok", "invalid-instances", "invalid-grant", "invalid-token"} <= set(outcomes)
    failures = [item["data"]["baseData"].get("success") for item in sent.items]
    assert False not in failures


def test_one_started_event_describes_process_and_model(sent: Sent) -> None:
    events = [item["data"]["baseData"] for item in sent.items if item["data"]["baseType"] == "EventData"]
    assert [event["name"] for event in events] == ["started"]
    assert {"build", "python", "scikit_learn", "settings_hash", "model_name", "model_version"} <= set(
        events[0]["properties"]
    )
