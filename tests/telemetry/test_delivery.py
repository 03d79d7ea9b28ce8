"""The telemetry thread: losses are counted and reported, stored items are sent later, one bad item loses no other."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ingestion import Ingestion, healthy, partial, status
from tests.telemetry.conftest import FAST, OpenSink
from tests.telemetry.items import NEVER, dropped, invocation, numbers

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # the library's


def test_items_beyond_the_buffer_s_limit_are_counted_and_reported(ingestion: Ingestion, open_sink: OpenSink) -> None:
    sink = open_sink(NEVER)
    sink._buffer.max_items = 100
    for number in range(130):
        sink.invocation(invocation(number))
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == list(range(100))
    assert sink.flush(5) is True
    assert dropped(ingestion) == {"buffer full": 30}


def test_without_a_folder_telemetry_is_sent_and_losses_are_counted(
    ingestion: Ingestion, open_sink: OpenSink, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (disk / "a file").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(disk / "a file"))
    sink = open_sink()
    sink.invocation(invocation(0))
    assert sink.flush(5) is True
    ingestion.behaviour = status(503)
    sink.invocation(invocation(1))
    sink.flush(5)
    ingestion.behaviour = healthy
    sink.invocation(invocation(2))
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [0, 2]
    assert dropped(ingestion) == {"disk full": 1}


@pytest.mark.parametrize("code", [400, 402, 404, 439])
def test_items_that_ingestion_refuses_are_counted_and_reported(
    ingestion: Ingestion, open_sink: OpenSink, code: int
) -> None:
    sink = open_sink()
    ingestion.behaviour = status(code)
    for number in range(3):
        sink.invocation(invocation(number))
    sink.flush(5)
    ingestion.behaviour = healthy
    sink.invocation(invocation(3))
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [3]
    assert dropped(ingestion) == {"refused": 3}


def test_of_a_partial_success_only_refused_items_are_lost(ingestion: Ingestion, open_sink: OpenSink) -> None:
    sink = open_sink(NEVER)
    ingestion.behaviour = partial(400)
    for number in range(9):
        sink.invocation(invocation(number))
    sink.flush(5)
    ingestion.behaviour = healthy
    sink.invocation(invocation(10))
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [0, 2, 4, 6, 8, 10]
    assert dropped(ingestion) == {"refused": 4}


def test_an_item_that_cannot_be_built_loses_no_other(ingestion: Ingestion, open_sink: OpenSink) -> None:
    sink = open_sink(NEVER)
    sink.invocation(invocation(0))
    sink.item(lambda template, item: 1 / item, 0)  # type: ignore[arg-type, return-value]
    sink.invocation(invocation(1))
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [0, 1]
    assert dropped(ingestion) == {"not sendable": 1}


def test_a_batch_on_which_the_exporter_fails_is_counted(ingestion: Ingestion, open_sink: OpenSink) -> None:
    sink = open_sink(NEVER)
    sink.invocation(invocation(0))
    assert sink.flush(5) is True
    sending = sink._delivery._exporter
    sending.send = lambda _: 1 / 0  # type: ignore[method-assign, assignment, union-attr, return-value]
    for number in (1, 2):
        sink.invocation(invocation(number))
    assert sink.flush(5) is False
    del sending.send  # type: ignore[union-attr]
    sink.invocation(invocation(3))
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [0, 3]
    assert dropped(ingestion) == {"not sendable": 2}


def test_the_started_event_describes_the_process(ingestion: Ingestion, open_sink: OpenSink) -> None:
    sink = open_sink(describe=lambda: {"build": "b42"})
    sink.invocation(invocation())
    assert sink.flush(5) is True
    started = [item["data"]["baseData"] for item in ingestion.of_type("EventData")]
    assert [(each["name"], each["properties"]["build"]) for each in started] == [("started", "b42")]


def test_a_failed_description_leaves_its_error_in_the_started_event(ingestion: Ingestion, open_sink: OpenSink) -> None:
    sink = open_sink(describe=lambda: {"half": 1 / 0})
    sink.invocation(invocation())
    assert sink.flush(5) is True
    assert ingestion.of_type("EventData")[0]["data"]["baseData"]["properties"]["error"] == "ZeroDivisionError"


def test_the_host_s_log_reports_once_that_telemetry_is_not_delivered(
    ingestion: Ingestion, open_sink: OpenSink, caplog: pytest.LogCaptureFixture
) -> None:
    ingestion.behaviour = status(400)
    sink = open_sink()
    for number in range(3):
        sink.invocation(invocation(number))
        sink.flush(5)
    messages = [record.getMessage() for record in caplog.records if record.name == "shared.telemetry.delivery"]
    assert len(messages) == 1
    assert messages[0].startswith("telemetry is not delivered: Non-retryable server side error 400")


def test_an_exporter_that_cannot_be_imported_breaks_telemetry_alone(
    open_sink: OpenSink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "shared.telemetry.exporter", None)
    sink = open_sink(NEVER)
    sink.invocation(invocation())
    assert sink.flush(5) is False
    for number in range(20):
        sink.invocation(invocation(number))
    assert len(sink._buffer) <= 1
    assert sink.flush(5) is False
    assert "ModuleNotFoundError" in caplog.text


def test_items_of_a_process_that_ended_are_sent(ingestion: Ingestion, open_sink: OpenSink, disk: Path) -> None:
    ingestion.behaviour = status(503)
    gone = open_sink()
    gone.invocation(invocation(7))
    assert gone.close(5) is False
    (blob,) = disk.rglob("*.blob")
    _age(blob.parent)
    ingestion.behaviour = healthy
    sink = open_sink()
    sink.invocation(invocation(8))
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [7, 8]
    assert not blob.parent.exists()


def _age(folder: Path) -> None:
    """Make a folder look unused for an hour."""
    an_hour_ago = time.time() - 3_600
    os.utime(folder, (an_hour_ago, an_hour_ago))


def test_every_process_has_a_private_folder(open_sink: OpenSink, disk: Path) -> None:
    for number in range(2):
        sink = open_sink()
        sink.invocation(invocation(number))
        assert sink.flush(5) is True
    folders = list(disk.glob("*/*"))
    assert len(folders) == 2
    assert {folder.stat().st_mode & 0o777 for folder in [*folders, *disk.iterdir()]} == {0o700}


def test_a_closed_sink_removes_its_empty_folder(open_sink: OpenSink, disk: Path) -> None:
    sink = open_sink()
    sink.invocation(invocation())
    assert sink.close(5) is True
    _wait_for(lambda: not list(disk.glob("*/*")))


def _wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_folder_that_was_removed_is_made_anew(ingestion: Ingestion, open_sink: OpenSink, disk: Path) -> None:
    sink = open_sink(replace(FAST, heartbeat=0.0))
    sink.invocation(invocation(0))
    assert sink.flush(5) is True
    (folder,) = disk.glob("*/*")
    folder.rmdir()
    ingestion.behaviour = status(500)
    sink.invocation(invocation(1))
    sink.flush(5)
    ingestion.behaviour = healthy
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [0, 1]
