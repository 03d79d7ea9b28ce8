"""Fixtures of all tests."""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from uuid import uuid4

import httpx
import hypothesis
import pytest

from shared.settings import DEMO_HASH
from shared.telemetry import ROOT
from shared.threads import Threads
from tools import azurite

KEY = hashlib.sha256(b"the tests' key").hexdigest()
NO_STORE = "AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a"
"""The connection string of a storage account where nobody listens."""

# A busy machine is no reason to fail.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")
httpx._config.DEFAULT_TIMEOUT_CONFIG.read = 50.0  # the default is 5 s; below the limit of a test


@pytest.fixture
def environ() -> Mapping[str, str]:
    """App settings with which everything works, with the demo user."""
    return {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "TOKEN_KEY": KEY,
        "USERS": f'{{"abi": "{DEMO_HASH}"}}',
    }


@pytest.fixture
def threads() -> Iterator[Threads]:
    """Thread pools that are closed after the test."""
    pools = Threads()
    yield pools
    pools.close()


@pytest.fixture
def log() -> Iterator[list[logging.LogRecord]]:
    """The service's log records, which do not reach the root logger that caplog listens to."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger = logging.getLogger(ROOT)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield records
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture(scope="session")
def storage() -> Iterator[str]:
    """The connection string of a storage account for all tests: give each table its own name."""
    with azurite.running() as connection:
        yield connection


@pytest.fixture
def table_name() -> str:
    """A table name that no other test has."""
    return f"test{uuid4().hex}"
