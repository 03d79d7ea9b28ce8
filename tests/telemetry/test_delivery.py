"""The telemetry thread: what is lost is counted and told, what is kept is handed on, and one fault is no other's."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.telemetry import exporter
from shared.telemetry.insights import Pace
from tests.ingestion import Ingestion, healthy, partial, status
from tests.telemetry.conftest import FAST, Open
from tests.telemetry.told import NEVER, dropped, invocation, numbers

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # the library's


def test_what_does_not_fit_the_buffer_is_counted_and_reported(ingestion: Ingestion, opened: Open) -> None:
    sink = opened(NEVER)
    sink._buffer.most = 100
    for number in range(130):
        sink.invocation(invocation(number))
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == list(range(100))
    assert sink.flush(5) is True
    assert dropped(ingestion) == {"buffer full": 30}


def test_what_does_not_fit_the_disk_is_counted_and_reported(
    ingestion: Ingestion, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "MOST_BYTES", 1)
    sink = opened()
    ingestion.behaviour = status(503)
    for number in range(2):  # the first batch finds the disk empty
        sink.invocation(invocation(number))
        assert sink.flush(5) is False
    ingestion.behaviour = healthy
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [0]
    assert dropped(ingestion) == {"disk full": 1}


def test_without_a_folder_to_keep_it_in_telemetry_goes_on_and_counts(
    ingestion: Ingestion, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.telemetry.folders.own", _refused)
    sink = opened()
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


def _refused(*_: object) -> Path:
    raise PermissionError


@pytest.mark.parametrize("code", [400, 402, 404, 439])
def test_what_ingestion_refuses_for_good_is_counted_and_reported(ingestion: Ingestion, opened: Open, code: int) -> None:
    sink = opened()
    ingestion.behaviour = status(code)
    for number in range(3):
        sink.invocation(invocation(number))
    sink.flush(5)
    ingestion.behaviour = healthy
    sink.invocation(invocation(3))
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [3]
    assert dropped(ingestion) == {"refused": 3}


def test_of_a_partial_success_only_what_was_refused_for_good_is_lost(ingestion: Ingestion, opened: Open) -> None:
    sink = opened(NEVER)
    ingestion.behaviour = partial(400)
    for number in range(9):
        sink.invocation(invocation(number))
    sink.flush(5)
    ingestion.behaviour = healthy
    sink.invocation(invocation(10))
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [0, 2, 4, 6, 8, 10]
    assert dropped(ingestion) == {"refused": 4}


def test_an_item_that_cannot_be_built_takes_no_other_along(ingestion: Ingestion, opened: Open) -> None:
    sink = opened(NEVER)
    sink.invocation(invocation(0))
    sink.item(lambda template, item: 1 / item, 0)  # type: ignore[arg-type, return-value]
    sink.invocation(invocation(1))
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [0, 1]
    assert dropped(ingestion) == {"not sendable": 1}


def test_a_batch_on_which_the_exporter_fails_is_counted(
    ingestion: Ingestion, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = opened()
    with monkeypatch.context() as patched:
        patched.setattr(exporter.Exporter, "send", _refused)
        for number in range(2):
            sink.invocation(invocation(number))
        assert sink.flush(5) is False
    sink.invocation(invocation(2))
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [2]
    assert dropped(ingestion) == {"not sendable": 2}


def test_the_process_says_of_itself_what_it_is(ingestion: Ingestion, opened: Open) -> None:
    sink = opened(about=lambda: {"build": "b42"})
    sink.invocation(invocation())
    assert sink.flush(5) is True
    started = [item["data"]["baseData"] for item in ingestion.of_type("EventData")]
    assert [(each["name"], each["properties"]["build"]) for each in started] == [("started", "b42")]


def test_a_process_that_cannot_say_what_it_is_says_why(ingestion: Ingestion, opened: Open) -> None:
    sink = opened(about=lambda: {"half": 1 / 0})
    sink.invocation(invocation())
    assert sink.flush(5) is True
    assert ingestion.of_type("EventData")[0]["data"]["baseData"]["properties"]["error"] == "ZeroDivisionError"


def test_the_host_s_log_says_once_that_telemetry_is_not_delivered(
    ingestion: Ingestion, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    ingestion.behaviour = status(400)
    sink = opened()
    for number in range(3):
        sink.invocation(invocation(number))
        sink.flush(5)
    said = [record.getMessage() for record in caplog.records if record.name == "shared.telemetry.delivery"]
    assert len(said) == 1
    assert said[0].startswith("Telemetry is not delivered as it should be: Non-retryable server side error 400")


def test_an_exporter_that_cannot_be_loaded_costs_nothing_but_telemetry(
    opened: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "shared.telemetry.exporter", None)
    sink = opened(NEVER)
    sink.invocation(invocation())
    assert sink.flush(5) is False
    for number in range(20):
        sink.invocation(invocation(number))
    assert len(sink._buffer) <= 1
    assert sink.flush(5) is False
    assert "ModuleNotFoundError" in caplog.text


def test_what_another_process_left_behind_is_sent(ingestion: Ingestion, opened: Open, disk: Path) -> None:
    ingestion.behaviour = status(503)
    gone = opened()
    gone.invocation(invocation(7))
    assert gone.close(5) is False
    (blob,) = disk.rglob("*.blob")
    _let_time_pass(blob.parent)
    ingestion.behaviour = healthy
    sink = opened()
    sink.invocation(invocation(8))
    assert sink.flush(5) is True
    assert numbers(ingestion.items) == [7, 8]
    assert not blob.parent.exists()


def _let_time_pass(folder: Path) -> None:
    """Make a folder look as if nobody had used it for an hour."""
    an_hour_ago = time.time() - 3_600
    os.utime(folder, (an_hour_ago, an_hour_ago))


def test_every_process_has_a_folder_of_its_own_that_nobody_else_may_read(opened: Open, disk: Path) -> None:
    for number in range(2):
        sink = opened()
        sink.invocation(invocation(number))
        assert sink.flush(5) is True
    folders = list(disk.glob("*/*"))
    assert len(folders) == 2
    assert {folder.stat().st_mode & 0o777 for folder in [*folders, *disk.iterdir()]} == {0o700}


def test_a_closed_sink_leaves_no_empty_folder_behind(opened: Open, disk: Path) -> None:
    sink = opened()
    sink.invocation(invocation())
    assert sink.close(5) is True
    _soon(lambda: not list(disk.glob("*/*")))


def _soon(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_folder_that_was_cleaned_away_is_made_anew(
    ingestion: Ingestion, opened: Open, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.telemetry.folders.BEAT_SECONDS", 0.0)
    sink = opened()
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


def test_the_pace_that_is_kept_in_production() -> None:
    assert Pace() == Pace(load_after=3.0, interval=1.0, timeout=5.0, pause=5.0)
    assert FAST.timeout < Pace().timeout
