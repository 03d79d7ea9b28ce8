"""Another issuer, its clock and ours, and the verifier of its tokens; and a throttle with its counts."""

import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from shared.auth import Auth, oidc
from shared.auth.failure_counts import KNOWN, Counts, MemoryCounts, TableCounts
from shared.auth.jwks import Keys
from shared.auth.throttle import Throttle
from shared.problems import UsersUnavailable
from shared.settings import Settings
from shared.tables import Account, Table
from shared.threads import Threads
from tests.auth.guesses import KEY
from tests.clock import Clock
from tests.issuers import AUDIENCE, Issuer, ec_key, issuing, public_jwk, rsa_key
from tests.loop import run

type BuildAuth = Callable[..., Auth]
"""Builds a service's auth from app settings; without others everything works."""


@pytest.fixture
def build_auth(environ: Mapping[str, str], threads: Threads) -> BuildAuth:
    return lambda **values: Auth(Settings.read({**environ, **values}), threads)


@pytest.fixture
def table(storage: str, table_name: str, threads: Threads) -> Table:
    """An empty table."""
    empty = Table(table_name, Account(storage), threads.tables, UsersUnavailable)
    run(empty.create())
    return empty


@pytest.fixture(scope="session")
def running() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


@pytest.fixture
def issuer(running: Issuer) -> Issuer:
    """The issuer as it was at first: one RSA key and one on an elliptic curve."""
    running.keys = [public_jwk(rsa_key("first"), "first"), public_jwk(ec_key("curve"), "curve")]
    running.status, running.requested = 200, []
    return running


@pytest.fixture
def fetch_clock() -> Clock:
    """The clock of key fetches."""
    return Clock(1_000.0)


@pytest.fixture
def clock() -> Clock:
    """The clock of token lifetimes; tokens are issued now."""
    return Clock(time.time())


@pytest.fixture
def verifier(issuer: Issuer, clock: Clock, fetch_clock: Clock, threads: Threads) -> oidc.Issuer:
    keys = Keys(issuer.url, threads.general, fetch_clock)
    return oidc.Issuer(issuer.url, AUDIENCE, "predict Predict.All", keys, clock)


@pytest.fixture
def both(environ: Mapping[str, str], issuer: Issuer) -> Mapping[str, str]:
    """App settings with which our own tokens and the issuer's are valid."""
    return {**environ, "OIDC_ISSUER": issuer.url, "OIDC_AUDIENCE": AUDIENCE, "OIDC_REQUIRED_SCOPE": "predict"}


@pytest.fixture(params=["memory", "table"])
def counts(request: pytest.FixtureRequest) -> Counts:
    """Empty counts of either kind."""
    return MemoryCounts() if request.param == "memory" else TableCounts(request.getfixturevalue("table"))


@pytest.fixture
def known(counts: Counts) -> Counts:
    """No known networks, where the counts are."""
    return TableCounts(counts._table, KNOWN) if isinstance(counts, TableCounts) else MemoryCounts()


@pytest.fixture
def throttle(counts: Counts, known: Counts, clock: Clock) -> Throttle:
    return Throttle(counts, known, KEY, clock)
