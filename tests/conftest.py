"""What all tests share: settings that are put back, and models made for the tests."""

import logging
from collections.abc import Callable, Iterator, Mapping
from uuid import uuid4

import hypothesis
import pytest

from shared import manifest, schemas, settings, tables, telemetry
from shared.auth import revocation, throttle
from shared.telemetry.events import Nowhere
from tools import azurite

KEY = "a-key-for-tests-of-more-than-32-bytes"

# A busy machine is no reason to fail.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., settings.Settings]]:
    """Make the process read other settings: `told(TOKEN_KEY="…")`; nothing of the real environment is left in."""

    def tell(**values: str) -> settings.Settings:
        read = settings.Settings.read(values)
        monkeypatch.setattr(settings, "current", lambda: read)
        _forget()
        return read

    yield tell
    _forget()


@pytest.fixture
def environ() -> Mapping[str, str]:
    """Settings with which everything works, demo user included."""
    return {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "TOKEN_KEY": KEY,
        "USERS": f'{{"abi": "{settings.DEMO_HASH}"}}',
    }


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Telemetry goes nowhere, as in a process that has not configured it; whoever listens puts a sink there."""
    monkeypatch.setattr(telemetry, "_sink", Nowhere())


@pytest.fixture
def logged() -> Iterator[list[logging.LogRecord]]:
    """The service's own log lines, which do not reach the root logger that caplog listens to."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logging.getLogger(telemetry.ROOT).addHandler(handler)
    yield records
    logging.getLogger(telemetry.ROOT).removeHandler(handler)


@pytest.fixture(scope="session")
def storage() -> Iterator[str]:
    """The connection string of a storage account that all tests share: give each table a name of its own."""
    with azurite.running() as connection:
        yield connection


@pytest.fixture
def table_name() -> str:
    """A name that no other test's table has."""
    return f"test{uuid4().hex}"


def _forget() -> None:
    kept = (
        manifest.content,
        manifest.current,
        schemas.current,
        tables._table,
        throttle._throttle,
        revocation._remembered,
    )
    for remembered in kept:
        remembered.cache_clear()
