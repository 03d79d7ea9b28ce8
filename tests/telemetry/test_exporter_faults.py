"""The faults of opencensus-ext-azure 1.1.15 that shaped the exporter.

Each has two tests: one shows that the library still has it, so that a release without it is noticed; the other shows
that it does not reach us.
"""

import logging
import socket
import threading
import time
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from shared import telemetry
from shared.rules import Ingestion as Destination
from shared.settings import Settings
from shared.telemetry import exporter, lines
from shared.telemetry.envelopes import time_span
from shared.telemetry.events import Invocation, Span
from shared.telemetry.exporter import Exporter, TransportMixin, TransportStatusCode
from shared.telemetry.insights import Pace
from tests.ingestion import KEY, Ingestion, hanging, healthy, status
from tests.telemetry.conftest import Open

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the library's own, of Python 3.13

ENVELOPES = [{"number": number} for number in range(4)]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The library's own exporters, their calls to outside addresses off."""
    monkeypatch.setenv("APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL", "true")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from opencensus.ext.azure import log_exporter, trace_exporter

    return SimpleNamespace(
        log=log_exporter,
        trace=trace_exporter,
        options={"connection_string": f"InstrumentationKey={KEY}", "enable_local_storage": False},
    )


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def record(text: str = "odd", **members: object) -> logging.LogRecord:
    made = logging.LogRecord("egl_ml.x", logging.INFO, "", 0, text, (), None)
    made.__dict__.update(members)
    return made


# 1. On Python 3.13 the library's log handler has no lock: the first line raises in the caller


def test_the_library_s_log_handler_raises_in_the_caller(library: Any) -> None:
    handler = library.log.AzureLogHandler(**library.options)
    with pytest.raises(TypeError):
        handler.handle(record())
    handler.close(1)


def test_our_log_handler_does_not(opened: Open, ingestion: Ingestion) -> None:
    sink = opened()
    lines.Handler(sink.line).handle(record("said"))
    assert sink.flush(5) is True
    assert ingestion.of_type("MessageData")[0]["data"]["baseData"]["message"] == "said"


# 2. Without its statistics the library takes a refused connection and a time-out for delivered


class Plain(TransportMixin):  # type: ignore[misc]
    """The library's transport as it is."""

    storage = None

    def __init__(self, port: int) -> None:
        endpoint = f"http://127.0.0.1:{port}"
        self.options = SimpleNamespace(endpoint=endpoint, timeout=0.2, proxies="{}", credential=None)


def test_the_library_drops_what_was_refused(library: Any, free_port: int) -> None:
    assert Plain(free_port)._transmit(ENVELOPES) is TransportStatusCode.DROP


def test_the_library_drops_what_timed_out(library: Any, ingestion: Ingestion) -> None:
    ingestion.behaviour = hanging
    assert Plain(ingestion.server_port)._transmit(ENVELOPES) is TransportStatusCode.DROP


def test_we_keep_what_was_refused(library: Any, tmp_path: Path, free_port: int) -> None:
    destination = Destination(KEY, f"http://127.0.0.1:{free_port}")
    sending = Exporter(destination, tmp_path, lambda *_: None, timeout=0.2, pause=60)
    sending.send(ENVELOPES)
    sending.close()
    assert sending.waiting is True


def test_we_keep_what_timed_out(library: Any, ingestion: Ingestion, sending: Exporter) -> None:
    ingestion.behaviour = hanging
    sending.send(ENVELOPES)
    assert sending.waiting is True


# 3. Durations are rounded to milliseconds, and spans within the process always succeed


def test_the_library_rounds_durations_to_milliseconds(library: Any) -> None:
    assert library.trace.utils.microseconds_to_duration(913) == "0.00:00:00.001"


def test_ours_are_exact_to_the_microsecond() -> None:
    assert time_span(0.913) == "00:00:00.000913"


def test_a_failed_invocation_and_a_failed_span_arrive_as_failed(opened: Open, ingestion: Ingestion) -> None:
    sink = opened()
    sink.invocation(Invocation("predict", "4bf9", "", "i", status=500))
    sink.span(Span("features.fetch", "HTTP", "store", None, success=False))
    assert sink.flush(5) is True
    assert [item["data"]["baseData"]["success"] for item in ingestion.items] == [False, False]


# 4. A line's parent has a form that joins nothing


def test_the_library_s_lines_join_no_span(library: Any) -> None:
    envelope = library.log.create_envelope(KEY, record(traceId="4bf9", spanId="00f0"))
    assert envelope.tags["ai.operation.parentId"] == "|4bf9.00f0."


def test_ours_join_the_invocation(opened: Open, ingestion: Ingestion) -> None:
    sink = opened()
    event = Invocation("predict", "4bf9", "", "i")
    sink.line(lines.line(record(invocation=event)))
    assert sink.flush(5) is True
    assert ingestion.items[0]["tags"]["ai.operation.parentId"] == event.id


# 5. The library's flush returns while its thread still holds a batch


def test_the_library_s_flush_does_not_wait_for_what_its_thread_holds(library: Any) -> None:
    queue = library.log.Queue(capacity=10)
    queue.put("an item")
    thread = threading.Thread(target=queue.gets, args=(2, 1.0))
    thread.start()
    while not queue.is_empty():
        time.sleep(0.001)
    assert queue.flush(timeout=5) == 0
    thread.join()


def test_ours_does(opened: Open, ingestion: Ingestion) -> None:
    sink = opened(Pace(load_after=0, interval=60, timeout=5, pause=0))
    slow = threading.Event()
    ingestion.behaviour = lambda post: (slow.wait(0.3), healthy(post))[1]
    for _ in range(2):
        sink.invocation(Invocation("predict", "4bf9", "", "i"))
    assert sink.flush(5) is True
    assert len(ingestion.items) == 2


# 6. logging.shutdown() waits for the library's whole backlog


def test_the_library_holds_up_the_shutdown(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ending = threading.Event()
    monkeypatch.setattr(library.log.AzureLogHandler, "_transmit", lambda *_: ending.wait(5))
    handler = library.log.AzureLogHandler(**{**library.options, "export_interval": 0.01})
    for _ in range(3):
        handler.emit(record())
        time.sleep(0.05)
    shutdown = threading.Thread(target=handler.flush)
    shutdown.start()
    shutdown.join(0.3)
    assert shutdown.is_alive()
    ending.set()
    shutdown.join()
    handler.close(1)


def test_we_do_not(opened: Open, ingestion: Ingestion) -> None:
    sink = opened()
    ingestion.behaviour = hanging
    handler = lines.Handler(sink.line)
    for _ in range(3):
        handler.handle(record())
        time.sleep(0.05)
    before = time.perf_counter()
    logging.shutdown([lambda: handler])  # type: ignore[list-item]
    assert time.perf_counter() - before < 0.1


# 7. Properties that are no texts


def test_the_library_sends_numbers_among_the_texts(library: Any) -> None:
    handler = library.log.AzureLogHandler(**library.options)
    handler.lock = threading.RLock()
    made = record(custom_dimensions={"instances": 3})
    assert handler.log_record_to_envelope(made).data["baseData"]["properties"]["instances"] == 3
    handler.close(1)


def test_we_send_texts_only(opened: Open, ingestion: Ingestion) -> None:
    sink = opened(about=lambda: {"a": 1, "b": 1.5, "c": True})
    sink.invocation(Invocation("predict", "4bf9", "", "i", properties={"instances": 3}))
    sink.line(lines.line(record()))
    assert sink.flush(5) is True
    values = [each for item in ingestion.items for each in item["data"]["baseData"]["properties"].values()]
    assert len(values) > 10
    assert {type(each) for each in values} == {str}


# 8. The library logs about itself, which on the root logger comes back to it


def test_the_library_logs_every_item_that_its_full_queue_drops(library: Any) -> None:
    queue = library.log.Queue(capacity=1)
    said: list[str] = []
    heard = logging.getLogger("opencensus").handlers[:]
    logging.getLogger("opencensus").handlers[:] = [_Hearing(said)]
    for _ in range(2):
        queue.put("an item", block=False)
    logging.getLogger("opencensus").handlers[:] = heard
    assert said == ["Queue is full. Dropping telemetry."]


class _Hearing(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__()
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


def test_a_full_buffer_is_nobody_s_business(opened: Open, caplog: pytest.LogCaptureFixture) -> None:
    sink = opened(Pace(load_after=60))
    sink._buffer.most = 1
    handler = lines.Handler(sink.line)
    for _ in range(100):
        handler.handle(record())
    assert sink._buffer.losses() == {"buffer full": 99}
    assert caplog.records == []


def test_the_library_is_heard_by_the_exporter_alone(
    ingestion: Ingestion, sending: Exporter, capsys: pytest.CaptureFixture[str]
) -> None:
    ingestion.behaviour = status(500)
    sending.send(ENVELOPES)
    library = logging.getLogger("opencensus")
    assert library.propagate is False
    assert exporter.Complaints in [type(each) for each in library.handlers]
    assert capsys.readouterr().err == ""


def test_at_debug_the_exporter_does_not_feed_on_its_own_lines(ingestion: Ingestion, disk: Path) -> None:
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    settings = Settings.read({"APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string})
    telemetry.configure(settings)
    try:
        telemetry.get_logger("test").info("once")
        for _ in range(3):
            assert telemetry.flush(5) is True
        assert len(ingestion.of_type("MessageData")) == 1
    finally:
        root.setLevel(level)
        telemetry.configure(Settings.read({}))
