"""Services with models that are made here, and the command as a user runs it."""

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from shared.settings import DEMO_HASH
from tests.conftest import KEY
from tests.features.feast_server import FeastServer, feast_server
from tests.services import PROJECT, Service, serving
from tests.tools.score.fake_service import FakeService
from tests.tools.score.fake_service import fake_service as running_fake
from tools import score
from tools.host.banner import DEMO_PASSWORD, DEMO_USER
from tools.model import adopt

LOGIN = {"EGL_ML_USER": DEMO_USER, "EGL_ML_PASSWORD": DEMO_PASSWORD}
WORKS = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "TOKEN_KEY": KEY, "USERS": f'{{"abi": "{DEMO_HASH}"}}'}

type Score = Callable[..., int]
"""Run the command in this process, with a login in the environment. Returns the exit code."""


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of a line through (0, 1) with slope 2 over x from -1 to 1, with class edges at 0 and 2."""
    folder = tmp_path_factory.mktemp("line")
    rows = pd.DataFrame({"x": np.linspace(-1, 1, 41)})
    target = 2 * rows["x"] + 1
    estimator = LinearRegression().fit(rows.to_numpy(), target)
    estimator.coef_, estimator.intercept_ = np.array([2.0]), 1.0  # exactly
    adopt(estimator, rows, target, name="line", target="y", edges=(0.0, 2.0), folder=folder)
    return folder / "slr.json"


@pytest.fixture(scope="session")
def customers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of a classifier: a number that may be missing, a boolean, and a category with other values too."""
    folder = tmp_path_factory.mktemp("customers")
    dice = np.random.default_rng(1)
    rows = pd.DataFrame(
        {
            "age": np.where(dice.random(400) < 0.1, np.nan, dice.integers(18, 80, 400)),
            "member": dice.random(400) < 0.5,
            "plan": dice.choice(["basic", "family"], 400),
        }
    )
    target = np.where(rows["age"].fillna(40) + 30 * rows["member"] > 60, "stays", "leaves")
    columns = make_column_transformer(
        (SimpleImputer(), ["age"]),
        ("passthrough", ["member"]),
        (OneHotEncoder(handle_unknown="ignore"), ["plan"]),
    )
    estimator = make_pipeline(columns, LogisticRegression(max_iter=1000)).fit(rows, target)
    adopt(estimator, rows, pd.Series(target), name="customers", target="churn", folder=folder)
    return folder / "slr.json"


@pytest.fixture(scope="session")
def service(line: Path) -> Iterator[Service]:
    """A service of the line."""
    with serving({**WORKS, "MODEL_MANIFEST": str(line)}) as running:
        yield running


@pytest.fixture(scope="session")
def classifier(customers: Path) -> Iterator[Service]:
    """A service of the classifier."""
    with serving({**WORKS, "MODEL_MANIFEST": str(customers)}) as running:
        yield running


@pytest.fixture(scope="session")
def store() -> Iterator[FeastServer]:
    """A feature store with the line's feature."""
    with feast_server({"p1": {"x": 0.25}, "7": {"x": -1}, "text": {"x": "0.5"}}) as running:
        yield running


@pytest.fixture(scope="session")
def completing(line: Path, store: FeastServer) -> Iterator[Service]:
    """A service of the line that completes rows from the store."""
    features = {
        "FEATURES_SOURCE": "feast",
        "FEATURES_URL": f"{store.url}?view=patients&entity=patient",
        "FEATURES_TIMEOUT_MS": "5000",
    }
    with serving({**WORKS, **features, "MODEL_MANIFEST": str(line)}) as running:
        yield running


@pytest.fixture
def fake() -> Iterator[FakeService]:
    """A server that can fail in the ways that the service cannot be made to."""
    with running_fake() as running:
        yield running


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Score:
    """Run the command in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    for name, value in LOGIN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("EGL_ML_TOKEN", raising=False)

    def command(url: str, file: str | bytes, *arguments: str, out: str = "scored.csv") -> int:
        path = tmp_path / "rows.csv"
        path.write_bytes(file if isinstance(file, bytes) else file.encode())
        return score.main([str(path), "--url", url, "--out", str(tmp_path / out), *arguments])

    return command


def start(
    *arguments: str | Path, environ: Mapping[str, str] | None = None, **options: object
) -> "subprocess.Popen[str]":
    """Start the command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tools", "score", *map(str, arguments)],
        cwd=PROJECT,
        env={**{name: os.environ[name] for name in ("PATH", "HOME")}, **LOGIN, **(environ or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )


def table(path: Path, separator: str = ",") -> Sequence[Mapping[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file, delimiter=separator))
