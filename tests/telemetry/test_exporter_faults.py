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
from shared.settings import Settings
from shared.telemetry import Telemetry, logs
from shared.telemetry.envelopes import time_span
from shared.telemetry.events import Invocation, Span
from shared.telemetry.exporter import Exporter, LibraryLog, TransportMixin, TransportStatusCode
from shared.telemetry.insights import Pace
from shared.validators import Ingestion as Destination
from tests.ingestion import KEY, WAIT_SECONDS, Ingestion, hanging, healthy, status
from tests.telemetry.conftest import OpenSink

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
    result = logging.LogRecord("egl_ml.x", logging.INFO, "", 0, text, (), None)
    result.__dict__.update(members)
    return result


# 1. On Python 3.13 the library's log handler has no lock: the first line raises in the caller


def test_the_library_s_log_handler_raises_in_the_caller(library: Any) -> None:
    handler = library.log.AzureLogHandler(**library.options)
    with pytest.raises(TypeError):
        handler.handle(record())
    handler.close(1)


def test_our_log_handler_does_not(open_sink: OpenSink, ingestion: Ingestion) -> None:
    sink = open_sink()
    logs.LineHandler(sink.line).handle(record("odd line"))
    assert sink.flush(5) is True
    assert ingestion.of_type("MessageData")[0]["data"]["baseData"]["message"] == "odd line"


# 2. Without its statistics the library counts a refused connection and a time-out as delivered


class Plain(TransportMixin):  # type: ignore[misc]
    """The library's transport as it is."""

    storage = None

    def __init__(self, port: int) -> None:
        endpoint = f"http://127.0.0.1:{port}"
        self.options = SimpleNamespace(endpoint=endpoint, timeout=0.2, proxies="{}", credential=None)


def test_the_library_drops_refused_items(library: Any, free_port: int) -> None:
    assert Plain(free_port)._transmit(ENVELOPES) is TransportStatusCode.DROP


def test_the_library_drops_items_that_timed_out(library: Any, ingestion: Ingestion) -> None:
    ingestion.behaviour = hanging
    assert Plain(ingestion.server_port)._transmit(ENVELOPES) is TransportStatusCode.DROP


def test_ours_stores_refused_items(library: Any, tmp_path: Path, free_port: int) -> None:
    destination = Destination(KEY, f"http://127.0.0.1:{free_port}")
    sending = Exporter(destination, tmp_path, lambda *_: None, timeout=0.2, pause=60)
    sending.send(ENVELOPES)
    sending.close()
    assert sending.waiting is True


def test_ours_stores_items_that_timed_out(library: Any, ingestion: Ingestion, exporter: Exporter) -> None:
    ingestion.behaviour = hanging
    exporter.send(ENVELOPES)
    assert exporter.waiting is True


# 3. Durations are rounded to milliseconds, and spans within the process always succeed


def test_the_library_rounds_durations_to_milliseconds(library: Any) -> None:
    assert library.trace.utils.microseconds_to_duration(913) == "0.00:00:00.001"


def test_ours_are_exact_to_the_microsecond() -> None:
    assert time_span(0.913) == "00:00:00.000913"


def test_a_failed_invocation_and_a_failed_span_arrive_as_failed(open_sink: OpenSink, ingestion: Ingestion) -> None:
    sink = open_sink()
    sink.invocation(Invocation("predict", "4bf9", "", "i", status=500))
    sink.span(Span("features.fetch", "HTTP", "store", None, success=False))
    assert sink.flush(5) is True
    assert [item["data"]["baseData"]["success"] for item in ingestion.items] == [False, False]


# 4. A line's parent has a form that joins nothing


def test_the_library_s_lines_join_no_span(library: Any) -> None:
    envelope = library.log.create_envelope(KEY, record(traceId="4bf9", spanId="00f0"))
    assert envelope.tags["ai.operation.parentId"] == "|4bf9.00f0."


def test_ours_join_the_invocation(open_sink: OpenSink, ingestion: Ingestion) -> None:
    sink = open_sink()
    event = Invocation("predict", "4bf9", "", "i")
    sink.line(logs.line(record(invocation=event)))
    assert sink.flush(5) is True
    assert ingestion.items[0]["tags"]["ai.operation.parentId"] == event.id


# 5. The library's flush returns while its thread still has a batch


def test_the_library_s_flush_does_not_wait_for_its_thread_s_batch(library: Any) -> None:
    queue = library.log.Queue(capacity=10)
    queue.put("an item")
    thread = threading.Thread(target=queue.gets, args=(2, 1.0))
    thread.start()
    while not queue.is_empty():
        time.sleep(0.001)
    assert queue.flush(timeout=5) == 0
    thread.join()


def test_ours_does(open_sink: OpenSink, ingestion: Ingestion) -> None:
    sink = open_sink(Pace(load_after=0, interval=60, timeout=5, pause=0))
    slow = threading.Event()
    ingestion.behaviour = lambda post: (slow.wait(0.3), healthy(post))[1]
    for _ in range(2):
        sink.invocation(Invocation("predict", "4bf9", "", "i"))
    assert sink.flush(5) is True
    assert len(ingestion.items) == 2


# 6. logging.shutdown() waits for the library's whole backlog


def test_the_library_delays_the_shutdown(library: Any, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_ours_does_not(open_sink: OpenSink, ingestion: Ingestion) -> None:
    sink = open_sink()
    ingestion.behaviour = hanging
    handler = logs.LineHandler(sink.line)
    for _ in range(3):
        handler.handle(record())
        time.sleep(0.05)
    shutdown = threading.Thread(target=logging.shutdown, args=([lambda: handler],))
    shutdown.start()
    shutdown.join(WAIT_SECONDS / 2)  # the request hangs for WAIT_SECONDS
    assert not shutdown.is_alive()


# 7. Properties that are no texts


def test_the_library_sends_numbers_among_the_texts(library: Any) -> None:
    handler = library.log.AzureLogHandler(**library.options)
    handler.lock = threading.RLock()
    made = record(custom_dimensions={"instances": 3})
    assert handler.log_record_to_envelope(made).data["baseData"]["properties"]["instances"] == 3
    handler.close(1)


def test_ours_sends_texts_only(open_sink: OpenSink, ingestion: Ingestion) -> None:
    sink = open_sink(describe=lambda: {"a": 1, "b": 1.5, "c": True})
    sink.invocation(Invocation("predict", "4bf9", "", "i", properties={"instances": 3}))
    sink.line(logs.line(record()))
    assert sink.flush(5) is True
    values = [each for item in ingestion.items for each in item["data"]["baseData"]["properties"].values()]
    assert len(values) > 10
    assert {type(each) for each in values} == {str}


# 8. The library logs about itself, which on the root logger comes back to it


def test_the_library_logs_every_item_that_its_full_queue_drops(library: Any) -> None:
    queue = library.log.Queue(capacity=1)
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("opencensus").addHandler(handler)
    for _ in range(2):
        queue.put("an item", block=False)
    logging.getLogger("opencensus").removeHandler(handler)
    assert messages == ["Queue is full. Dropping telemetry."]


def test_a_full_buffer_logs_nothing(open_sink: OpenSink, caplog: pytest.LogCaptureFixture) -> None:
    sink = open_sink(Pace(load_after=60))
    sink._buffer.max_items = 1
    handler = logs.LineHandler(sink.line)
    for _ in range(100):
        handler.handle(record())
    assert sink._buffer.take_losses() == {"buffer full": 99}
    assert caplog.records == []


def test_the_library_s_log_goes_to_the_exporter_alone(
    ingestion: Ingestion, exporter: Exporter, capsys: pytest.CaptureFixture[str]
) -> None:
    ingestion.behaviour = status(500)
    exporter.send(ENVELOPES)
    library = logging.getLogger("opencensus")
    assert library.propagate is False
    kinds = {type(handler) for handler in library.handlers}
    assert logging.NullHandler in kinds
    assert LibraryLog not in kinds  # it is there while a batch is sent
    assert "500" in exporter.complaint
    assert capsys.readouterr().err == ""


def test_at_debug_the_exporter_does_not_send_its_own_log_lines(ingestion: Ingestion, disk: Path) -> None:
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    settings = Settings.read({"APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string})
    service = Telemetry.from_settings(settings)
    try:
        telemetry.get_logger("test").info("once")
        for _ in range(3):
            assert service.flush(5) is True
        assert len(ingestion.of_type("MessageData")) == 1
    finally:
        root.setLevel(level)
        service.close()
