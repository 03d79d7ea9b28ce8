"""Traffic with known errors, from a client that records it, to compare with the telemetry."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.features.feast_server import FeastServer

ROWS = {"p1": {"x": 0.25}, "p2": {"x": -0.5}}
"""The rows of the feature store."""
SLOW_SECONDS = 0.08
INSTANCE = {"x": 0.5}


@dataclass
class Call:
    """One request and its response."""

    path: str
    user: str
    status: int
    outcome: str
    took_ms: float
    request_id: str
    timing: Mapping[str, float]
    predictions: Sequence[float]


@dataclass
class Client:
    """Send requests to the service, and record them."""

    http: httpx.Client
    calls: list[Call] = field(default_factory=list)
    token: str = ""

    def send(self, path: str, body: Any, *, user: str = "abi", token: str = "") -> httpx.Response:
        """Send one request, and record its response."""
        bearer = token or self.token
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        started = time.perf_counter()
        response = self.http.post(path, json=body, headers=headers)
        took_ms = (time.perf_counter() - started) * 1000
        content = response.json()
        timing = (part.split(";dur=") for part in response.headers.get("Server-Timing", "").split(", ") if part)
        self.calls.append(
            Call(
                path.strip("/"),
                user,
                response.status_code,
                "ok" if response.status_code == 200 else content["type"].rpartition("/")[2],
                took_ms,
                response.headers["X-Request-Id"],
                {name: float(value) for name, value in timing},
                content.get("values", content.get("predictions", [])) if path != "/token" else [],
            )
        )
        return response

    def login(self, name: str, password: str) -> None:
        """Send a login, and use its token if it succeeds."""
        form = {"grant_type": "password", "username": name, "password": password}
        response = self.send("/token", form, user=name)
        self.token = response.json().get("access_token", self.token)

    def calls_to(self, *paths: str, accepted: bool = False) -> Sequence[Call]:
        """Return the calls of some functions; with `accepted`, only those without a 4xx status."""
        calls = [call for call in self.calls if call.path in paths]
        return [call for call in calls if not 400 <= call.status < 500] if accepted else calls


def traffic(client: Client, store: FeastServer) -> Counter[str]:
    """Send logins, predictions with and without features from the store, slow ones, and every kind of error.

    Returns the number of good and failed calls to the feature store.
    """
    client.login("mallory", "a guess")
    client.login("abi", "not hers")
    client.login("abi", "password")
    for _ in range(30):
        client.send("/predict", {"instances": [INSTANCE]})
    for _ in range(12):
        client.send("/predict_class", {"instances": [INSTANCE, {"x": -0.5}]})
    for _ in range(6):
        client.send("/predict", {"instances": [{"x": 9}]})
    for _ in range(5):
        client.send("/predict", {"instances": [{"entity_id": "p1"}, {"entity_id": "p2"}]})
    store.delay = SLOW_SECONDS
    for _ in range(4):
        client.send("/predict", {"instances": [{"entity_id": "p1"}]})
    store.delay, store.fault = 0.0, "fails"
    for _ in range(3):
        client.send("/predict", {"instances": [{"entity_id": "p2"}]})
    for _ in range(4):
        client.send("/predict", {"instances": [{"x": "half"}]})
    for _ in range(2):
        client.send("/predict", {"instances": [INSTANCE]}, user="", token="not-a-token")
    return Counter(good=9, failed=3)
