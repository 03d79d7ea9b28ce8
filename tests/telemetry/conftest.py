"""A server for telemetry, and sinks that send there without long pauses."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from shared.settings import Settings
from shared.telemetry.exporter import Exporter
from shared.telemetry.insights import Insights, Pace
from shared.validators import ingestion as parse_connection_string
from tests.ingestion import Ingestion, healthy

FAST = Pace(load_after=0.02, interval=0.02, timeout=1.0, pause=0.1)


class OpenSink(Protocol):
    """Opens sinks. They are closed after the test."""

    def __call__(self, pace: Pace = FAST, **options: Any) -> Insights: ...


@pytest.fixture
def ingestion() -> Iterator[Ingestion]:
    server = Ingestion()
    yield server
    server.end()


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for telemetry that waits for ingestion."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def open_sink(disk: Path, ingestion: Ingestion) -> Iterator[OpenSink]:
    settings = Settings.read({"APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string, "BUILD_ID": "b42"})
    sinks: list[Insights] = []

    def open_one(pace: Pace = FAST, **options: Any) -> Insights:
        sinks.append(Insights(settings, pace=pace, **options))
        return sinks[-1]

    yield open_one
    ingestion.behaviour = healthy
    ingestion.ending.set()  # no request hangs any longer
    for sink in sinks:
        sink.close(2.0)


@pytest.fixture
def lost() -> list[tuple[str, int]]:
    """Items that `exporter` lost: reason, and how many."""
    return []


@pytest.fixture
def exporter(ingestion: Ingestion, tmp_path: Path, lost: list[tuple[str, int]]) -> Iterator[Exporter]:
    """An exporter that sends to `ingestion`."""

    def count_lost(reason: str, items: int) -> None:
        lost.append((reason, items))

    destination = parse_connection_string(ingestion.connection_string)
    sending = Exporter(destination, tmp_path / "kept", count_lost, timeout=0.2, pause=60)
    yield sending
    sending.close()
