"""Where telemetry goes, by the settings; and what the interface tells there."""

import logging
import statistics
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from shared import telemetry
from shared.settings import Settings
from shared.telemetry.console import Console
from shared.telemetry.insights import Insights
from tests.ingestion import Ingestion, hanging

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # the library's


@pytest.fixture(autouse=True)
def _put_back(disk: object) -> Iterator[None]:
    yield
    telemetry.configure(Settings.read({}))


def context(operation_id: str = "4bf92f3577b34da6a3ce929d0e0e4736") -> SimpleNamespace:
    traceparent = f"00-{operation_id}-00f067aa0ba902b7-01"
    return SimpleNamespace(invocation_id="i-1", trace_context=SimpleNamespace(trace_parent=traceparent))


def told(ingestion: Ingestion, **more: str) -> Settings:
    return Settings.read({"APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string, **more})


def test_without_a_connection_string_telemetry_goes_to_the_console() -> None:
    telemetry.configure(Settings.read({}))
    assert isinstance(telemetry._sink, Console)


@pytest.mark.parametrize("bad", ["InstrumentationKey=nonsense", "@Microsoft.KeyVault(SecretUri=https://vault/x)"])
def test_an_invalid_connection_string_leaves_the_console_and_raises_nothing(bad: str) -> None:
    telemetry.configure(Settings.read({"APPLICATIONINSIGHTS_CONNECTION_STRING": bad}))
    assert isinstance(telemetry._sink, Console)


def test_with_a_connection_string_it_goes_to_application_insights(ingestion: Ingestion) -> None:
    telemetry.configure(told(ingestion))
    assert isinstance(telemetry._sink, Insights)


def test_a_request_s_story_arrives_as_one(ingestion: Ingestion) -> None:
    telemetry.configure(told(ingestion))
    with telemetry.invocation(context(), "predict") as event:
        telemetry.bind(user="abi")
        with telemetry.span("features.fetch", "HTTP", "store"):
            telemetry.get_logger("test").warning("odd")
        try:
            raise OSError("down")
        except OSError:
            telemetry.get_logger("test").exception("fell over")
        event.status, event.outcome = 200, "ok"
    assert telemetry.flush(10) is True
    items = [item for item in ingestion.items if item["data"]["baseType"] != "EventData"]
    assert [item["data"]["baseType"] for item in items] == [
        "MessageData",
        "RemoteDependencyData",
        "ExceptionData",
        "RemoteDependencyData",
    ]
    assert {item["tags"]["ai.operation.id"] for item in items} == {"4bf92f3577b34da6a3ce929d0e0e4736"}
    assert {item["tags"]["ai.user.authUserId"] for item in items} == {"abi"}
    assert [item["tags"]["ai.operation.parentId"] for item in items] == [event.id] * 3 + ["00f067aa0ba902b7"]


def test_the_process_is_said_to_have_started(ingestion: Ingestion) -> None:
    telemetry.configure(told(ingestion), lambda: {"build": "b42"})
    telemetry.event("something", count=3)
    assert telemetry.flush(10) is True
    events = {item["data"]["baseData"]["name"]: item["data"]["baseData"] for item in ingestion.items}
    assert events["started"]["properties"]["build"] == "b42"
    assert events["something"]["properties"]["count"] == "3"


def test_in_azure_lines_go_to_application_insights_alone(
    ingestion: Ingestion, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.configure(told(ingestion))
    telemetry.get_logger("test").warning("odd")
    assert telemetry.flush(10) is True
    assert len(ingestion.of_type("MessageData")) == 1
    assert capsys.readouterr().err == ""


def test_a_developer_sees_them_on_the_console_too(ingestion: Ingestion, capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure(told(ingestion, AZURE_FUNCTIONS_ENVIRONMENT="Development"))
    telemetry.get_logger("test").warning("odd")
    assert "WARNING odd" in capsys.readouterr().err


def test_lines_do_not_reach_the_root_logger(ingestion: Ingestion) -> None:
    telemetry.configure(told(ingestion))
    assert logging.getLogger(telemetry.ROOT).propagate is False


def test_configuring_again_sends_what_the_first_still_held(ingestion: Ingestion) -> None:
    telemetry.configure(told(ingestion))
    telemetry.event("held")
    telemetry.configure(Settings.read({}))
    assert "held" in [item["data"]["baseData"]["name"] for item in ingestion.items]


def test_the_first_invocation_of_a_process_is_its_cold_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "_invocations", iter(range(9)))
    events = []
    for _ in range(2):
        with telemetry.invocation(context(), "predict") as event:
            events.append(event)
    assert [event.cold_start for event in events] == [True, False]


def test_an_event_on_the_console_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure(Settings.read({}))
    telemetry.event("odd\nname", count=3)
    assert capsys.readouterr().err.endswith(" odd\\x0aname count=3 op=-\n")


def test_a_whole_invocation_costs_its_caller_a_few_microseconds(ingestion: Ingestion) -> None:
    ingestion.behaviour = hanging
    telemetry.configure(told(ingestion))
    took = []
    for _ in range(2_000):
        before = time.perf_counter()
        with telemetry.invocation(context(), "predict"), telemetry.step("model"):
            telemetry.bind(instances=1)
        took.append(time.perf_counter() - before)
    assert statistics.median(took) < 50e-6  # some 5 µs on a quiet machine
