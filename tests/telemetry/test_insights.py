"""Application Insights as a sink: nothing is lost and nobody waits, whatever ingestion does."""

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from shared.telemetry import buffer, logs
from shared.telemetry.events import Event, Span
from shared.telemetry.insights import Pace
from tests.ingestion import WAIT_SECONDS, Behaviour, Ingestion, hanging, healthy, partial, status
from tests.telemetry.conftest import OpenSink
from tests.telemetry.items import NEVER, dropped, invocation, numbers

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # the library's

DOWN: dict[str, Behaviour | None] = {
    "refused": None,
    "hanging": hanging,
    "429": status(429),
    "500": status(500),
    "206": partial(429),
}


def test_every_kind_of_item_arrives_under_the_path_of_the_protocol(ingestion: Ingestion, open_sink: OpenSink) -> None:
    sink = open_sink()
    event = invocation()
    sink.invocation(event)
    sink.span(Span("features.fetch", "HTTP", "store", event))
    sink.event(Event("started"))
    sink.line(logs.line(logging.LogRecord("egl_ml.x", logging.WARNING, "", 0, "odd", (), None)))
    sink.item(lambda template, name: template.envelope(name, 0.0, {}, {}), "Request")
    assert sink.flush(5) is True
    kinds = sorted(item["data"]["baseType"] for item in ingestion.items)
    assert kinds == ["EventData", "MessageData", "RemoteDependencyData", "RemoteDependencyData", "RequestData"]
    assert ingestion.posts == ["/v2.1/track"]


def test_items_are_sent_without_a_flush(ingestion: Ingestion, open_sink: OpenSink) -> None:
    open_sink().invocation(invocation(1))
    assert numbers(list(ingestion.wait_for(bool))) == [1]


def test_a_flush_waits_for_the_batch_that_the_thread_is_sending(ingestion: Ingestion, open_sink: OpenSink) -> None:
    sink = open_sink()
    for number in range(50):
        sink.invocation(invocation(number))
        if number % 10 == 0:
            assert sink.flush(5) is True
            assert numbers(ingestion.items) == list(range(number + 1))


def test_a_flush_without_items_imports_no_exporter(open_sink: OpenSink) -> None:
    sink = open_sink(NEVER)
    assert sink.flush(5) is True
    assert sink._delivery._exporter is None


def test_many_items_go_in_few_requests(ingestion: Ingestion, open_sink: OpenSink) -> None:
    sink = open_sink(NEVER)
    for number in range(1_200):
        sink.invocation(invocation(number))
    assert sink.flush(10) is True
    assert len(ingestion.posts) == 2


@pytest.mark.parametrize("down", DOWN)
def test_nothing_is_lost_while_ingestion_is_down(ingestion: Ingestion, open_sink: OpenSink, down: str) -> None:
    sink = open_sink(Pace(load_after=0.02, interval=0.02, timeout=0.5 if down == "hanging" else 5.0, pause=0.1))
    behaviour = DOWN[down]
    if behaviour:
        ingestion.behaviour = behaviour
    else:
        port = ingestion.server_port
        ingestion.end()
    for number in range(5_000):
        sink.invocation(invocation(number))
    assert sink.flush(2.0) is False
    back = ingestion if behaviour else Ingestion(port)
    back.behaviour = healthy
    assert sink.flush(10) is True
    arrived = numbers(back.items)
    assert sorted(set(arrived)) == list(range(5_000))
    assert dropped(back) == {}
    assert len(arrived) == 5_000 or down == "hanging"  # items of a request that timed out may have arrived
    if back is not ingestion:
        back.end()


def test_ingestion_that_hangs_is_not_called_during_the_pause(ingestion: Ingestion, open_sink: OpenSink) -> None:
    sink = open_sink(Pace(load_after=0, interval=0.01, timeout=0.1, pause=60))
    ingestion.behaviour = hanging
    for number in range(30):
        sink.invocation(invocation(number))
        time.sleep(0.02)
    assert len(ingestion.posts) == 1


@pytest.mark.parametrize("down", DOWN)
def test_the_caller_never_waits(ingestion: Ingestion, open_sink: OpenSink, down: str) -> None:
    sink = open_sink()
    if behaviour := DOWN[down]:
        ingestion.behaviour = behaviour
    else:
        ingestion.end()
    sending = threading.Thread(target=lambda: [sink.invocation(invocation(number)) for number in range(2_000)])
    sending.start()
    sending.join(WAIT_SECONDS)
    assert not sending.is_alive()  # some 10 ms, where a request that hangs takes WAIT_SECONDS


def test_a_flush_that_takes_too_long_leaves_the_rest_on_disk(
    ingestion: Ingestion, open_sink: OpenSink, disk: Path
) -> None:
    sink = open_sink()
    sink.invocation(invocation(0))
    assert sink.flush(5) is True
    ingestion.behaviour = hanging
    sink.invocation(invocation(1))
    ingestion.wait_for(lambda _: len(ingestion.posts) == 2)  # the thread is sending
    sink.invocation(invocation(2))
    assert sink.flush(0.05) is False  # the request hangs for WAIT_SECONDS
    assert len(list(disk.rglob("*.blob"))) == 1
    ingestion.behaviour = healthy
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [0, 1, 2]


LAZY = """
import sys
from shared.settings import Settings
from shared.telemetry import Telemetry
telemetry = Telemetry.from_settings(Settings.read({"APPLICATIONINSIGHTS_CONNECTION_STRING": sys.argv[1]}))
heavy = ("opencensus", "requests", "azure", "msal", "cryptography", "google")
loaded = [name for name in sys.modules if name.partition(".")[0] in heavy]
assert not loaded, loaded
sys.modules.update({"google": None, "google.rpc": None, "google.protobuf": None})
telemetry.event("hello")
assert telemetry.flush(20)
assert "opencensus.ext.azure.statsbeat.statsbeat" not in sys.modules
assert "opencensus.trace" not in sys.modules
print("done")
"""


def test_the_library_is_imported_later_and_needs_no_protobuf(ingestion: Ingestion, disk: Path) -> None:
    """The worker has its own protobuf, which may shadow the app's: none is imported."""
    command = [sys.executable, "-c", LAZY, ingestion.connection_string]
    done = subprocess.run(command, env={"TMPDIR": str(disk)}, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("done\n", "")
    assert "hello" in [item["data"]["baseData"]["name"] for item in ingestion.items]


def test_a_full_buffer_wakes_the_thread(ingestion: Ingestion, open_sink: OpenSink) -> None:
    sink = open_sink(NEVER)
    for number in range(buffer.WAKE_AT + 1):
        sink.invocation(invocation(number))
    assert len(ingestion.wait_for(lambda items: len(items) > buffer.WAKE_AT)) == buffer.WAKE_AT + 1
