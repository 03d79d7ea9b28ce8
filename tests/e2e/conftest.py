"""One service for all tests that use HTTP; the model is made here."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from shared.model.manifest import Manifest
from shared.settings import DEMO_HASH
from tests.conftest import KEY
from tests.services import Service, serving
from tools.model import adopt


@pytest.fixture(scope="session")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """A line through (0, 1) with slope 2 over x from -1 to 1, with class edges at 0 and 2."""
    folder = tmp_path_factory.mktemp("model")
    rows = pd.DataFrame({"x": np.linspace(-1, 1, 41)})
    line = LinearRegression().fit(rows.to_numpy(), 2 * rows["x"] + 1)
    manifest = adopt(line, rows, 2 * rows["x"] + 1, name="line", target="y", edges=(0.0, 2.0), folder=folder)
    return folder / "slr.json", manifest


@pytest.fixture(scope="session")
def works(adopted: tuple[Path, Manifest]) -> Mapping[str, str]:
    """App settings with which the service works."""
    return {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "TOKEN_KEY": KEY,
        "USERS": f'{{"abi": "{DEMO_HASH}"}}',
        "MODEL_MANIFEST": str(adopted[0]),
    }


@pytest.fixture(scope="session")
def service(works: Mapping[str, str]) -> Iterator[Service]:
    """The running service."""
    with serving(works) as running:
        yield running


@pytest.fixture(scope="session")
def token(service: Service) -> str:
    """A token of the demo user."""
    return service.login()


@pytest.fixture
def anyone(service: Service) -> Iterator[httpx.Client]:
    """A client that is not logged in."""
    with service.client() as client:
        yield client


@pytest.fixture
def bearer(service: Service, token: str) -> Iterator[httpx.Client]:
    """A client that is logged in."""
    with service.client(token) as client:
        yield client


@pytest.fixture
def still_responds(service: Service, token: str) -> Iterator[None]:
    """After the test the same process still makes predictions."""
    with service.client(token) as client:
        client.post("/predict", json={"instances": [{"x": 0}]})  # loads the model, when nobody did
        yield
        response = client.post("/predict", json={"instances": [{"x": 0.25}]})
    assert response.json()["predictions"] == pytest.approx([1.5])
    assert service.process.poll() is None
