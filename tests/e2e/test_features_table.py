"""Features from a real Azurite that stops and comes back while requests go on."""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import pytest

from shared.tables import Account, Table
from tests.services import serving
from tools import azurite
from tools.features import store

ROWS = {"p1": {"x": 0.25}, "p2": {"x": -1.0}}


def until(client: httpx.Client, status: int, seconds: float = 20.0) -> httpx.Response:
    """The first answer with `status`; every prediction on the way must be right."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = client.post("/predict", json={"instances": [{"entity_id": "p1"}, {"entity_id": "p2"}]})
        if answer.status_code == 200:
            assert answer.json()["predictions"] == pytest.approx([1.5, -1.0])
        if answer.status_code == status:
            return answer
        assert answer.status_code == 503
        time.sleep(0.1)
    raise AssertionError(f"no {status} in {seconds} s")


def test_while_azurite_stops_and_starts_no_prediction_is_wrong_and_recovery_is_by_itself(
    works: Mapping[str, str], told: Callable[..., object], tmp_path: Path
) -> None:
    port = azurite.available_port(0)
    connection = azurite.connection_string(port)
    settings = {"FEATURES_SOURCE": "table", "STORAGE_CONNECTION": connection}
    told(**settings)
    with serving({**works, **settings}) as service, service.client(service.login()) as client:
        with azurite.running(port, tmp_path):
            asyncio.run(store.load(Table("features", Account(connection)), ROWS))
            assert until(client, 200)
        down = until(client, 503)
        assert down.json()["type"] == "/problems/features-unavailable"
        assert client.post("/predict", json={"instances": [{"x": 0}]}).status_code == 200
        with azurite.running(port, tmp_path):
            assert until(client, 200)
