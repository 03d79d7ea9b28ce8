"""The telemetry of a request: one event with its steps, spans of their own, log lines that carry its id."""

import asyncio
import logging
import re
from collections.abc import Iterator

import pytest

from shared import telemetry
from shared.settings import Settings
from shared.telemetry import Telemetry
from shared.telemetry.console import Console
from shared.telemetry.events import Invocation
from shared.telemetry.insights import Insights
from shared.threads import Threads
from tests.ingestion import Ingestion
from tests.loop import run
from tests.recording import Recorder, context, recording

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # the library's

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
HOST = context(f"00-{TRACE}-{PARENT}-01", "i-1")


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def own(recorder: Recorder) -> Iterator[Telemetry]:
    """Telemetry that goes to the recorder."""
    service = Telemetry(recorder)
    yield service
    service.close()


@pytest.fixture
def opened(disk: object) -> Iterator[list[Telemetry]]:
    """Telemetry that the test opens and this fixture closes."""
    services: list[Telemetry] = []
    yield services
    for service in services:
        service.close()


@pytest.fixture
def sending(opened: list[Telemetry], ingestion: Ingestion) -> Telemetry:
    """Telemetry that goes to Application Insights."""
    opened.append(Telemetry.from_settings(settings(ingestion), lambda: {"build": "b42"}))
    return opened[0]


def settings(ingestion: Ingestion, **values: str) -> Settings:
    return Settings.read({"APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string, **values})


def test_an_invocation_continues_the_host_s_trace(own: Telemetry, recorder: Recorder) -> None:
    with own.invocation(HOST, "predict"):
        pass
    event = recorder.invocations[0]
    assert (event.name, event.operation_id, event.parent_id) == ("predict", TRACE, PARENT)
    assert event.invocation_id == "i-1"


@pytest.mark.parametrize(
    "traceparent",
    ["", "garbage", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{PARENT}-01", None],
)
def test_without_a_valid_trace_the_operation_is_new(own: Telemetry, recorder: Recorder, traceparent: str) -> None:
    for _ in range(2):
        with own.invocation(context(traceparent), "predict"):
            pass
    first, second = (event.operation_id for event in recorder.invocations)
    assert first != second
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert recorder.invocations[0].parent_id == ""


def test_the_first_invocation_of_a_service_is_its_cold_start(own: Telemetry, recorder: Recorder) -> None:
    for _ in range(2):
        with own.invocation(HOST, "predict"):
            pass
    assert [event.cold_start for event in recorder.invocations] == [True, False]


def test_steps_add_up_in_the_order_in_which_they_ran(own: Telemetry, recorder: Recorder) -> None:
    with own.invocation(HOST, "predict"):
        for name in ("decode", "model", "decode"):
            with telemetry.step(name):
                pass
    event = recorder.invocations[0]
    assert list(event.steps) == ["decode", "model"]
    assert 0 < sum(event.steps.values()) <= event.total_ms


def test_a_step_that_fails_is_timed_too(own: Telemetry, recorder: Recorder) -> None:
    with pytest.raises(ZeroDivisionError), own.invocation(HOST, "predict"), telemetry.step("model"):
        raise ZeroDivisionError
    assert list(recorder.invocations[0].steps) == ["model"]


def test_steps_and_properties_reach_the_event_from_another_thread(
    own: Telemetry, recorder: Recorder, threads: Threads
) -> None:
    def work() -> None:
        with telemetry.step("model"):
            telemetry.bind(instances=3)

    async def invoke() -> None:
        with own.invocation(HOST, "predict"):
            await threads.general.run(work)

    run(invoke())
    assert recorder.invocations[0].properties == {"instances": 3}
    assert list(recorder.invocations[0].steps) == ["model"]


def test_invocations_at_the_same_time_do_not_mix(own: Telemetry, recorder: Recorder) -> None:
    async def invoke(user: str) -> None:
        with own.invocation(HOST, "predict"):
            await asyncio.sleep(0)
            telemetry.bind(user=user)
            await asyncio.sleep(0)

    async def invoke_all() -> None:
        await asyncio.gather(*(invoke(f"user {i}") for i in range(20)))

    run(invoke_all())
    assert sorted(event.user for event in recorder.invocations) == sorted(f"user {i}" for i in range(20))


def test_outside_an_invocation_steps_properties_and_spans_are_not_recorded(own: Telemetry, recorder: Recorder) -> None:
    with telemetry.step("model"), telemetry.span("tables.get", "Azure table", "users"):
        telemetry.bind(user="abi")
    assert (recorder.invocations, recorder.spans) == ([], [])


def test_a_span_is_an_item_of_its_own_inside_the_invocation(own: Telemetry, recorder: Recorder) -> None:
    with own.invocation(HOST, "predict") as event, telemetry.span("features.fetch", "HTTP", "store") as span:
        span.properties["entities"] = 2
    assert recorder.spans == [span]
    assert (span.invocation, span.success, span.properties) == (event, True, {"entities": 2})
    assert span.duration_ms > 0


def test_a_span_with_an_exception_is_failed_and_the_exception_goes_on(own: Telemetry, recorder: Recorder) -> None:
    with (
        pytest.raises(OSError, match="down"),
        own.invocation(HOST, "predict"),
        telemetry.span("features.fetch", "HTTP", "store"),
    ):
        raise OSError("down")
    assert recorder.spans[0].success is False


@pytest.mark.parametrize(("status", "success"), [(200, True), (401, True), (422, True), (500, False), (503, False)])
def test_only_a_5xx_is_a_failure_of_the_service(status: int, success: bool) -> None:
    assert Invocation("predict", TRACE, PARENT, "i", status=status).success is success


def test_a_log_record_carries_the_operation_and_the_user(own: Telemetry, log: list[logging.LogRecord]) -> None:
    logger = telemetry.get_logger("test")
    with own.invocation(HOST, "predict"):
        telemetry.bind(user="abi")
        logger.warning("odd")
    logger.warning("outside")
    assert [(getattr(record, "operation_id", None), getattr(record, "user", None)) for record in log] == [
        (TRACE, "abi"),
        ("", ""),
    ]


def test_log_records_do_not_reach_the_root_logger_which_the_worker_forwards(own: Telemetry) -> None:
    assert logging.getLogger(telemetry.ROOT).propagate is False


def test_items_and_log_records_go_to_the_service_of_their_invocation() -> None:
    lines: list[tuple[int, str]] = []

    def output(number: int) -> logging.Handler:
        handler = logging.Handler()
        handler.emit = lambda record: lines.append((number, record.getMessage()))  # type: ignore[method-assign]
        return handler

    recorders = Recorder(), Recorder()
    services = [Telemetry(recorder, output(i)) for i, recorder in enumerate(recorders)]
    logger = telemetry.get_logger("test")
    logger.warning("outside")
    for i in (1, 0):
        with services[i].invocation(HOST, "predict"), telemetry.span("tables.get", "Azure table", f"table {i}"):
            logger.warning("inside %d", i)
    services[0].close()
    logger.warning("outside again")
    services[1].close()
    assert [[span.target for span in recorder.spans] for recorder in recorders] == [["table 0"], ["table 1"]]
    assert lines == [(0, "outside"), (1, "inside 1"), (0, "inside 0"), (1, "outside again")]


def test_after_the_last_service_is_closed_no_handler_is_left() -> None:
    before = list(logging.getLogger(telemetry.ROOT).handlers)
    with recording():
        assert logging.getLogger(telemetry.ROOT).handlers != before
    assert logging.getLogger(telemetry.ROOT).handlers == before


@pytest.mark.parametrize(
    "connection_string", ["", "InstrumentationKey=nonsense", "@Microsoft.KeyVault(SecretUri=https://vault/x)"]
)
def test_without_a_valid_connection_string_telemetry_goes_to_the_console(
    opened: list[Telemetry], connection_string: str
) -> None:
    read = Settings.read({"APPLICATIONINSIGHTS_CONNECTION_STRING": connection_string})
    opened.append(Telemetry.from_settings(read))
    assert isinstance(opened[0].sink, Console)


def test_with_a_connection_string_it_goes_to_application_insights(sending: Telemetry) -> None:
    assert isinstance(sending.sink, Insights)


def test_the_items_of_a_request_arrive_with_one_operation_id(sending: Telemetry, ingestion: Ingestion) -> None:
    logger = telemetry.get_logger("test")
    with sending.invocation(HOST, "predict") as event:
        telemetry.bind(user="abi")
        with telemetry.span("features.fetch", "HTTP", "store"):
            logger.warning("odd")
        try:
            raise OSError("down")
        except OSError:
            logger.exception("failed")
        event.status, event.outcome = 200, "ok"
    assert sending.flush(10) is True
    items = [item for item in ingestion.items if item["data"]["baseType"] != "EventData"]
    assert [item["data"]["baseType"] for item in items] == [
        "MessageData",
        "RemoteDependencyData",
        "ExceptionData",
        "RemoteDependencyData",
    ]
    assert {item["tags"]["ai.operation.id"] for item in items} == {TRACE}
    assert {item["tags"]["ai.user.authUserId"] for item in items} == {"abi"}
    assert [item["tags"]["ai.operation.parentId"] for item in items] == [event.id] * 3 + [PARENT]


def test_the_started_event_and_others_arrive(sending: Telemetry, ingestion: Ingestion) -> None:
    sending.event("something", count=3)
    assert sending.flush(10) is True
    events = {item["data"]["baseData"]["name"]: item["data"]["baseData"] for item in ingestion.items}
    assert events["started"]["properties"]["build"] == "b42"
    assert events["something"]["properties"]["count"] == "3"


def test_in_azure_log_lines_go_to_application_insights_alone(
    sending: Telemetry, ingestion: Ingestion, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.get_logger("test").warning("odd")
    assert sending.flush(10) is True
    assert len(ingestion.of_type("MessageData")) == 1
    assert capsys.readouterr().err == ""


def test_in_development_log_lines_go_to_the_console_too(
    opened: list[Telemetry], ingestion: Ingestion, capsys: pytest.CaptureFixture[str]
) -> None:
    opened.append(Telemetry.from_settings(settings(ingestion, AZURE_FUNCTIONS_ENVIRONMENT="Development")))
    telemetry.get_logger("test").warning("odd")
    assert "WARNING odd" in capsys.readouterr().err


def test_closing_sends_what_is_buffered(sending: Telemetry, ingestion: Ingestion) -> None:
    sending.event("buffered")
    sending.close(10)
    assert "buffered" in [item["data"]["baseData"]["name"] for item in ingestion.items]


def test_an_event_on_the_console_is_one_line(opened: list[Telemetry], capsys: pytest.CaptureFixture[str]) -> None:
    opened.append(Telemetry.from_settings(Settings.read({})))
    opened[0].event("odd\nname", count=3)
    assert capsys.readouterr().err.endswith(" odd\\x0aname count=3 op=-\n")
