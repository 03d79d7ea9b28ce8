"""Clients that generators write from the running service's OpenAPI document: they log in, predict and read errors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.model.manifest import Boolean, Category, Feature, Number, Text
from shared.settings import DEMO_HASH
from tests.clients.generators import GENERATORS
from tests.conftest import KEY
from tests.models import BANDS, MIXED, SIGNS, Doubling, Sign, dump
from tests.services import Service, serving

pytestmark = [pytest.mark.more, pytest.mark.timeout(900)]  # the generators are installed first

FEATURES: tuple[Feature, ...] = (
    Number(name="x", range=(-1.0, 1.0)),
    *MIXED,
    Category(name="ward", values=("north", "south"), open=True),
    Boolean(name="insured"),
    Text(name="note", optional=True),
)
"""Every kind of feature, some optional, with names of any text."""
ROW = {"x": 0.5, "body mass/index": 20.0, "class": None, "smoker?": "no", "ward": "north", "insured": True}


@dataclass(frozen=True)
class Served:
    """A model, two rows, and their predictions and classes."""

    manifest: Mapping[str, Any]
    estimator: Any
    rows: list[Any]
    predictions: list[Any]
    classes: list[Any]

    @property
    def names(self) -> list[str]:
        """Names of the features."""
        return [feature.name for feature in self.manifest["features"]]


MODELS: Mapping[str, Served] = {
    "a regressor": Served(
        {"features": FEATURES[:1], "output": BANDS}, Doubling(), [{"x": 0.25}, {"x": 0.75}], [0.5, 1.5], ["mid", "high"]
    ),
    "a classifier": Served(
        {"features": FEATURES, "kind": "classifier", "output": SIGNS},
        Sign(),
        [ROW, {**ROW, "x": -1.0, "note": "ü"}],
        ["high", "low"],
        ["high", "low"],
    ),
}


@pytest.fixture(scope="module", params=MODELS)
def served(request: pytest.FixtureRequest) -> Served:
    return MODELS[request.param]


@pytest.fixture(scope="module")
def service(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    path = dump(served.estimator, tmp_path_factory.mktemp("model"), **served.manifest)
    users = f'{{"abi": "{DEMO_HASH}"}}'
    development = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}
    with serving({**development, "TOKEN_KEY": KEY, "USERS": users, "MODEL_MANIFEST": str(path)}) as running:
        yield running


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generated_client_logs_in_predicts_and_reads_problems(
    name: str, served: Served, service: Service, tmp_path: Path
) -> None:
    with service.client() as client:
        (tmp_path / "openapi.json").write_bytes(client.get("/openapi.json").raise_for_status().content)
    rows = {"one": served.rows[:1], "two": served.rows, "bad": [served.rows[0], {**served.rows[1], "x": 1e301}]}
    assert GENERATORS[name](tmp_path, service.url, rows) == {
        "ready": "ready",
        "features": served.names,
        "one": served.predictions[:1],
        "two": served.predictions,
        "classes": served.classes,
        "status": 422,
        "pointers": ["/instances/1/x"],
        "wrong password": "invalid_grant",
    }
