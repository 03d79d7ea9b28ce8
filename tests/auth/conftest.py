"""What the tests of another issuer's tokens share: the issuer, its clock and ours, and what verifies its tokens."""

import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from shared.auth import oidc
from shared.auth.jwks import Keys
from tests.issuers import AUDIENCE, Clock, Issuer, ec_key, issuing, public_jwk, rsa_key


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
def since() -> Clock:
    """The clock by which keys are fetched."""
    return Clock(1_000.0)


@pytest.fixture
def clock() -> Clock:
    """The clock by which tokens expire; they are made now."""
    return Clock(time.time())


@pytest.fixture
def verifier(issuer: Issuer, clock: Clock, since: Clock) -> oidc.Issuer:
    return oidc.Issuer(issuer.url, AUDIENCE, "predict Predict.All", Keys(issuer.url, since), clock)


@pytest.fixture
def both(told: Callable[..., object], environ: Mapping[str, str], issuer: Issuer) -> Mapping[str, str]:
    """Settings with which our own tokens and the issuer's get in."""
    found = {**environ, "OIDC_ISSUER": issuer.url, "OIDC_AUDIENCE": AUDIENCE, "OIDC_REQUIRED_SCOPE": "predict"}
    told(**found)
    return found
