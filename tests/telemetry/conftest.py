"""A place to send telemetry to, and sinks that send there, fast."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from shared.rules import ingestion as destination_of
from shared.settings import Settings
from shared.telemetry.exporter import Exporter
from shared.telemetry.insights import Insights, Pace
from tests.ingestion import Ingestion, healthy

FAST = Pace(load_after=0.02, interval=0.02, timeout=1.0, pause=0.1)


class Open(Protocol):
    """Opens sinks. They are closed after the test."""

    def __call__(self, pace: Pace = FAST, **options: Any) -> Insights: ...


@pytest.fixture
def ingestion() -> Iterator[Ingestion]:
    server = Ingestion()
    yield server
    server.end()


@pytest.fixture
def told(ingestion: Ingestion) -> Settings:
    """Settings that send telemetry to `ingestion`."""
    return Settings.read({"APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string, "BUILD_ID": "b42"})


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where telemetry is kept while ingestion is down."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def opened(told: Settings, disk: Path, ingestion: Ingestion) -> Iterator[Open]:
    sinks: list[Insights] = []

    def open_one(pace: Pace = FAST, **options: Any) -> Insights:
        sinks.append(Insights(told, pace=pace, **options))
        return sinks[-1]

    yield open_one
    ingestion.behaviour = healthy
    ingestion.ending.set()  # nobody hangs any longer
    for sink in sinks:
        sink.close(2.0)


@pytest.fixture
def lost() -> list[tuple[str, int]]:
    """What `sending` lost: why, and how many."""
    return []


@pytest.fixture
def sending(ingestion: Ingestion, tmp_path: Path, lost: list[tuple[str, int]]) -> Iterator[Exporter]:
    """An exporter that sends to `ingestion`."""

    def lose(reason: str, items: int) -> None:
        lost.append((reason, items))

    made = Exporter(destination_of(ingestion.connection_string), tmp_path / "kept", lose, timeout=0.2, pause=60)
    yield made
    made.close()
