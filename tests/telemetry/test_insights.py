"""Application Insights as a sink: nothing is lost, nothing waits, nothing raises, whatever ingestion does."""

import logging
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.telemetry import buffer, lines
from shared.telemetry.events import Event, Span
from shared.telemetry.insights import Pace
from tests.ingestion import Behaviour, Ingestion, hanging, healthy, partial, status
from tests.telemetry.conftest import Open
from tests.telemetry.told import NEVER, dropped, invocation, numbers

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # the library's

DOWN: dict[str, Behaviour | None] = {
    "refused": None,
    "hanging": hanging,
    "429": status(429),
    "500": status(500),
    "206": partial(429),
}


def test_every_kind_of_item_arrives_under_the_path_of_the_protocol(ingestion: Ingestion, opened: Open) -> None:
    sink = opened()
    event = invocation()
    sink.invocation(event)
    sink.span(Span("features.fetch", "HTTP", "store", event))
    sink.event(Event("started"))
    sink.line(lines.line(logging.LogRecord("egl_ml.x", logging.WARNING, "", 0, "odd", (), None)))
    sink.item(lambda template, name: template.envelope(name, 0.0, {}, {}), "Request")
    assert sink.flush(5) is True
    kinds = sorted(item["data"]["baseType"] for item in ingestion.items)
    assert kinds == ["EventData", "MessageData", "RemoteDependencyData", "RemoteDependencyData", "RequestData"]
    assert ingestion.posts == ["/v2.1/track"]


def test_items_go_out_by_themselves(ingestion: Ingestion, opened: Open) -> None:
    opened().invocation(invocation(1))
    assert numbers(list(ingestion.wait_for(bool))) == [1]


def test_a_flush_waits_for_what_the_thread_holds_already(ingestion: Ingestion, opened: Open) -> None:
    sink = opened()
    for number in range(50):
        sink.invocation(invocation(number))
        if number % 10 == 0:
            assert sink.flush(5) is True
            assert numbers(ingestion.items) == list(range(number + 1))


def test_a_flush_when_nothing_was_told_loads_nothing(opened: Open) -> None:
    sink = opened(NEVER)
    before = time.perf_counter()
    assert sink.flush(5) is True
    assert time.perf_counter() - before < 0.05


def test_many_items_go_in_few_requests(ingestion: Ingestion, opened: Open) -> None:
    sink = opened(NEVER)
    for number in range(1_200):
        sink.invocation(invocation(number))
    assert sink.flush(10) is True
    assert len(ingestion.posts) == 2


@pytest.mark.parametrize("down", DOWN)
def test_nothing_is_lost_while_ingestion_is_down(ingestion: Ingestion, opened: Open, down: str) -> None:
    sink = opened(Pace(load_after=0.02, interval=0.02, timeout=0.5 if down == "hanging" else 5.0, pause=0.1))
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
    assert len(arrived) == 5_000 or down == "hanging"  # what timed out may have arrived all the same
    if back is not ingestion:
        back.end()


def test_ingestion_that_hangs_is_left_alone_for_a_while(ingestion: Ingestion, opened: Open) -> None:
    sink = opened(Pace(load_after=0, interval=0.01, timeout=0.1, pause=60))
    ingestion.behaviour = hanging
    for number in range(30):
        sink.invocation(invocation(number))
        time.sleep(0.02)
    assert len(ingestion.posts) == 1


@pytest.mark.parametrize("down", DOWN)
def test_the_caller_never_waits(ingestion: Ingestion, opened: Open, down: str) -> None:
    sink = opened()
    if behaviour := DOWN[down]:
        ingestion.behaviour = behaviour
    else:
        ingestion.end()
    took = []
    for number in range(2_000):
        before = time.perf_counter()
        sink.invocation(invocation(number))
        took.append(time.perf_counter() - before)
    assert statistics.median(took) < 50e-6


def test_the_buffer_holds_8192_items() -> None:
    assert buffer.MOST_ITEMS == 8_192


def test_a_flush_that_takes_too_long_leaves_the_rest_on_disk(ingestion: Ingestion, opened: Open, disk: Path) -> None:
    sink = opened()
    sink.invocation(invocation(0))
    assert sink.flush(5) is True
    ingestion.behaviour = hanging
    sink.invocation(invocation(1))
    ingestion.wait_for(lambda _: len(ingestion.posts) == 2)  # the thread is held up
    sink.invocation(invocation(2))
    before = time.perf_counter()
    assert sink.flush(0.05) is False
    assert time.perf_counter() - before < 0.25
    assert len(list(disk.rglob("*.blob"))) == 1
    ingestion.behaviour = healthy
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [0, 1, 2]


LAZY = """
import sys
from shared import telemetry
from shared.settings import Settings
telemetry.configure(Settings.read({"APPLICATIONINSIGHTS_CONNECTION_STRING": sys.argv[1]}))
heavy = ("opencensus", "requests", "azure", "msal", "cryptography", "google")
found = [name for name in sys.modules if name.partition(".")[0] in heavy]
assert not found, found
sys.modules.update({"google": None, "google.rpc": None, "google.protobuf": None})
telemetry.event("hello")
assert telemetry.flush(20)
assert "opencensus.ext.azure.statsbeat.statsbeat" not in sys.modules
assert "opencensus.trace" not in sys.modules
print("done")
"""


def test_the_library_is_loaded_later_and_needs_no_protobuf(ingestion: Ingestion, disk: Path) -> None:
    """The worker ships a protobuf of its own, which may shadow any that the app brings: none is imported."""
    command = [sys.executable, "-c", LAZY, ingestion.connection_string]
    done = subprocess.run(command, env={"TMPDIR": str(disk)}, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("done\n", "")
    assert "hello" in [item["data"]["baseData"]["name"] for item in ingestion.items]


def test_a_full_buffer_makes_the_thread_go_to_work_early(ingestion: Ingestion, opened: Open) -> None:
    sink = opened(NEVER)
    for number in range(buffer.WAKE_AT + 1):
        sink.invocation(invocation(number))
    assert len(ingestion.wait_for(lambda items: len(items) > buffer.WAKE_AT)) == buffer.WAKE_AT + 1
