"""Traffic with known faults, by a client that keeps account of it: what was, to be compared with what is told."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.features.feast_server import FeastServer

ROWS = {"p1": {"x": 0.25}, "p2": {"x": -0.5}}
"""What the feature store knows."""
SLOW_SECONDS = 0.08
INSTANCE = {"x": 0.5}


@dataclass
class Call:
    """One request as the client saw it."""

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
    """Talks to the service and keeps account."""

    http: httpx.Client
    calls: list[Call] = field(default_factory=list)
    token: str = ""

    def send(self, path: str, body: Any, *, user: str = "abi", token: str = "") -> httpx.Response:
        """Send one request and note what came back."""
        bearer = token or self.token
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        began = time.perf_counter()
        answer = self.http.post(path, json=body, headers=headers)
        took = (time.perf_counter() - began) * 1000
        told = answer.json()
        timing = (part.split(";dur=") for part in answer.headers.get("Server-Timing", "").split(", ") if part)
        self.calls.append(
            Call(
                path.strip("/"),
                user,
                answer.status_code,
                "ok" if answer.status_code == 200 else told["type"].rpartition("/")[2],
                took,
                answer.headers["X-Request-Id"],
                {name: float(value) for name, value in timing},
                told.get("values", told.get("predictions", [])) if path != "/token" else [],
            )
        )
        return answer

    def login(self, name: str, password: str) -> None:
        """Log in, or try to."""
        form = {"grant_type": "password", "username": name, "password": password}
        answer = self.send("/token", form, user=name)
        self.token = answer.json().get("access_token", self.token)

    def of(self, *paths: str, answered: bool = False) -> Sequence[Call]:
        """The calls of some functions; `answered`: without those that were refused."""
        return [each for each in self.calls if each.path in paths and not (answered and 400 <= each.status < 500)]


def traffic(client: Client, store: FeastServer) -> Counter[str]:
    """Send it: logins, predictions with and without pulls, slow pulls, and every kind of fault."""
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
