"""Features from a real Azurite that stops and starts while requests go on."""

import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from shared.features.table import key
from shared.tables import Account, Table
from shared.threads import Threads
from tests.loop import run
from tests.services import serving
from tools import azurite

ROWS = {"p1": {"x": 0.25}, "p2": {"x": -1.0}}


def until(client: httpx.Client, status: int, seconds: float = 20.0) -> httpx.Response:
    """Send predictions until one has `status`. Every successful one must be right."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        response = client.post("/predict", json={"instances": [{"entity_id": "p1"}, {"entity_id": "p2"}]})
        if response.status_code == 200:
            assert response.json()["predictions"] == pytest.approx([1.5, -1.0])
        if response.status_code == status:
            return response
        assert response.status_code == 503
        time.sleep(0.1)
    raise AssertionError(f"no {status} in {seconds} s")


def test_while_azurite_stops_and_starts_no_prediction_is_wrong_and_the_service_recovers(
    works: Mapping[str, str], threads: Threads, tmp_path: Path
) -> None:
    port = azurite.available_port(0)
    connection = azurite.connection_string(port)
    settings = {"FEATURES_SOURCE": "table", "STORAGE_CONNECTION": connection}
    table = Table("features", Account(connection), threads.tables)
    with serving({**works, **settings}) as service, service.client(service.login()) as client:
        with azurite.running(port, tmp_path):
            run(table.create())
            for entity, row in ROWS.items():
                run(table.insert(key(entity), row))
            assert until(client, 200)
        down = until(client, 503)
        assert down.json()["type"] == "/problems/features-unavailable"
        assert client.post("/predict", json={"instances": [{"x": 0}]}).status_code == 200
        with azurite.running(port, tmp_path):
            assert until(client, 200)
