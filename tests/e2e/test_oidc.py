"""The service beside another issuer, over HTTP: both kinds of tokens, and the issuer's alone."""

from collections.abc import Iterator, Mapping

import httpx
import pytest

from tests.issuers import AUDIENCE, Issuer, issuing, rsa_key
from tests.services import Service, serving

INSTANCE = {"instances": [{"x": 0.25}]}


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as running:
        yield running


@pytest.fixture(scope="module")
def settings(works: Mapping[str, str], issuer: Issuer) -> Mapping[str, str]:
    """App settings of a service that accepts the issuer's tokens too."""
    return {
        **works,
        "OIDC_ISSUER": issuer.url,
        "OIDC_AUDIENCE": AUDIENCE,
        "OIDC_REQUIRED_SCOPE": "predict",
    }


@pytest.fixture(scope="module")
def both(settings: Mapping[str, str]) -> Iterator[Service]:
    with serving(settings) as running:
        yield running


def predict(service: Service, token: str) -> httpx.Response:
    with service.client(token) as client:
        return client.post("/predict", json=INSTANCE)


def test_the_issuer_s_tokens_and_our_own_get_the_same_response(both: Service, issuer: Issuer) -> None:
    responses = [predict(both, token) for token in (issuer.token(), both.login())]
    assert [response.status_code for response in responses] == [200, 200]
    assert responses[0].json()["predictions"] == responses[1].json()["predictions"]


def test_the_console_names_the_issuer_s_caller(both: Service, issuer: Issuer) -> None:
    response = predict(both, issuer.token(sub="somebody"))
    assert any("user=oidc:somebody" in line for line in both.lines_with(response.headers["X-Request-Id"]))


def test_a_token_without_the_scope_is_403_and_the_response_names_it(both: Service, issuer: Issuer) -> None:
    response = predict(both, issuer.token(scp="openid"))
    assert (response.status_code, response.json()["type"]) == (403, "/problems/insufficient-scope")
    assert response.headers["WWW-Authenticate"].endswith('error="insufficient_scope", scope="predict"')
    assert response.headers["Content-Type"] == "application/problem+json; charset=utf-8"


def test_a_forged_token_of_the_issuer_is_401(both: Service, issuer: Issuer) -> None:
    response = predict(both, issuer.token(rsa_key("second")))
    assert (response.status_code, response.json()["type"]) == (401, "/problems/invalid-token")


def test_with_the_issuer_down_a_token_of_an_unknown_key_is_503(settings: Mapping[str, str]) -> None:
    with issuing() as gone:
        url, token = gone.url, gone.token()
    with serving({**settings, "OIDC_ISSUER": url}) as service:
        response = predict(service, token)
        assert (response.status_code, response.json()["type"]) == (503, "/problems/unavailable")
        assert int(response.headers["Retry-After"]) >= 1
        assert predict(service, service.login()).status_code == 200


def test_without_local_tokens_the_token_endpoint_is_404_in_its_own_form(
    settings: Mapping[str, str], issuer: Issuer
) -> None:
    own = {name: value for name, value in settings.items() if name != "TOKEN_KEY"}
    with serving({**own, "LOCAL_TOKENS": "false"}) as service, service.client() as anyone:
        response = anyone.post("/token", data={"grant_type": "password", "username": "abi", "password": "password"})
        assert (response.status_code, response.json()["type"]) == (404, "/problems/not-found")
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        assert {"error", "error_description"} <= set(response.json())
        assert anyone.get("/health/ready").json()["status"] == "ready"
        assert predict(service, issuer.token()).status_code == 200
