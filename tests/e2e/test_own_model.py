"""Somebody's own model, from a joblib file and a CSV file to an HTTP response, without an edit."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from tests.services import PROJECT, serving

NUMBERS = ["age", "height (cm)", "weight/kg", "visits", "0", "blood~pressure", "naïve score", "class"]
FEW = ["smoker?", "ward"]
MANY = ["città", "diagnosis"]
NOT_COPIED = (".*", "__pycache__", "node_modules", "dist")
READ_THE_MODEL = (
    "tests/test_deployed_model.py",
    "tests/test_function_app.py",
    "tests/project/test_readme.py::test_the_curl_commands_print_what_the_page_shows",
    "tests/project/test_readme.py::test_the_requests_of_requests_http_succeed",
    "tests/tools/model/test_train.py",
    "tests/tools/host/test_banner.py",
)


def people(rows: int, seed: int) -> pd.DataFrame:
    """Return eight numbers and four categories with names of any text; a fifth of some columns is missing."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({name: random.normal(size=rows) for name in NUMBERS})
    frame["visits"] = random.integers(0, 9, rows)
    for name in (*FEW, *MANY):
        frame[name] = random.choice(["yes", "no", "Łódź"], rows)
    for name in ("age", "class", "città"):
        frame.loc[random.random(rows) < 0.2, name] = np.nan
    return frame


def boosted() -> Pipeline:
    """Return gradient boosting on a data frame: categories encoded both ways, missing values left as they are."""
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = ColumnTransformer(
        [("few", OneHotEncoder(sparse_output=False), FEW), ("many", ordinal, MANY), ("numbers", "passthrough", NUMBERS)]
    )
    return make_pipeline(columns, HistGradientBoostingRegressor(max_iter=30, random_state=0))


def stay() -> tuple[Pipeline, pd.DataFrame]:
    """Return the fitted pipeline and its training data, with the target `days` and an unused column."""
    frame = people(300, seed=1)
    days = 5 + frame["weight/kg"] + frame["visits"] / 3 + 2 * (frame["ward"] == "yes") - (frame["città"] == "no")
    return boosted().fit(frame, days), frame.assign(days=days, id=range(len(frame)))


def risk() -> tuple[Pipeline, pd.DataFrame]:
    """Return a classifier with texts as labels, fitted on an array, and its training data, target `risk`."""
    random = np.random.default_rng(2)
    rows = random.normal(size=(200, 2))
    labels = np.array(["low", "mid", "große Gefahr"])[np.digitize(rows[:, 0], [-0.5, 0.5])]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, labels)
    return model, pd.DataFrame(rows, columns=["dose", "delay"]).assign(risk=labels)


def relapse() -> tuple[Pipeline, pd.DataFrame]:
    """Return a linear classifier of booleans, fitted on a frame of numbers and categories, some missing."""
    numbers, texts = ["weight/kg", "naïve score"], ["ward", "città"]
    frame = people(300, seed=5)[[*numbers, *texts]]
    columns = ColumnTransformer([("numbers", StandardScaler(), numbers), ("texts", OneHotEncoder(), texts)])
    labels = frame["weight/kg"] + (frame["ward"] == "yes") > 0
    return make_pipeline(columns, LogisticRegression()).fit(frame, labels), frame.assign(relapse=labels)


def adopt(folder: Path, model: Any, data: pd.DataFrame, *options: str, project: Path = PROJECT) -> None:
    """Write both files as people do, and run the command."""
    joblib.dump(model, folder / "mine.joblib")
    data.to_csv(folder / "train.csv", index=False)
    command = ["-m", "tools", "model", str(folder / "mine.joblib"), "--data", str(folder / "train.csv"), *options]
    done = subprocess.run([sys.executable, *command], cwd=project, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def instances(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as a client sends them: a missing value is null in every other row, and absent in the rest."""
    rows = [{str(name): value for name, value in row.items()} for row in frame.astype(object).to_dict("records")]
    return [
        {name: None if pd.isna(value) else value for name, value in row.items() if i % 2 or not pd.isna(value)}
        for i, row in enumerate(rows)
    ]


@contextmanager
def served(folder: Path, works: Mapping[str, str]) -> Iterator[httpx.Client]:
    """Run a service with the manifest in `folder`. Yields a client that is logged in."""
    environ = {**works, "MODEL_MANIFEST": str(folder / "slr.json")}
    with serving(environ) as service, service.client(service.login()) as client:
        yield client


@pytest.fixture(scope="module")
def stays(
    tmp_path_factory: pytest.TempPathFactory, works: Mapping[str, str]
) -> Iterator[tuple[Pipeline, httpx.Client]]:
    """The pipeline of twelve features, and a client of the service that it was adopted into."""
    folder = tmp_path_factory.mktemp("stays")
    model, data = stay()
    adopt(folder, model, data, "--target", "days", "--classes", "4,7", "--folder", str(folder))
    with served(folder, works) as client:
        yield model, client


def test_twelve_features_with_categories_and_missing_values_have_the_estimator_s_predictions(
    stays: tuple[Pipeline, httpx.Client],
) -> None:
    model, client = stays
    fresh = people(50, seed=3)
    expected = model.predict(fresh)
    numbers = client.post("/predict", json={"instances": instances(fresh)})
    classes = client.post("/predict_class", json={"instances": instances(fresh)})
    assert numbers.json()["predictions"] == expected.tolist()
    assert classes.json()["predictions"] == [f"Class{i}" for i in np.digitize(expected, [4, 7])]


def test_a_column_that_the_model_does_not_use_is_no_feature(stays: tuple[Pipeline, httpx.Client]) -> None:
    features = stays[1].get("/model").json()["features"]
    assert [feature["name"] for feature in features] == [*NUMBERS, *FEW, *MANY]
    assert {feature["name"] for feature in features if feature["kind"] == "category"} == {*FEW, *MANY}


def test_the_examples_in_openapi_are_real_responses(stays: tuple[Pipeline, httpx.Client]) -> None:
    document = stays[1].get("/openapi.json").json()
    for path in ("/predict", "/predict_class"):
        operation = document["paths"][path]["post"]
        sent = operation["requestBody"]["content"]["application/json"]["example"]
        shown = operation["responses"]["200"]["content"]["application/json"]["example"]
        response = stays[1].post(path, json=sent).json()
        assert {**response, "request_id": "", "warnings": []} == {**shown, "request_id": "", "warnings": []}


def test_a_classifier_s_labels_and_probabilities_are_the_estimator_s(tmp_path: Path, works: Mapping[str, str]) -> None:
    model, data = risk()
    adopt(tmp_path, model, data, "--target", "risk", "--folder", str(tmp_path))
    fresh = np.random.default_rng(4).normal(size=(50, 2))
    body = {"instances": [{"dose": dose, "delay": delay} for dose, delay in fresh.tolist()]}
    with served(tmp_path, works) as client:
        labels = client.post("/predict", json=body).json()
        classes = client.post("/predict_class", json=body).json()
    assert labels["predictions"] == classes["predictions"] == model.predict(fresh).tolist()
    assert [list(row) for row in classes["probabilities"]] == [list(model.classes_)] * 50
    probabilities = [list(row.values()) for row in classes["probabilities"]]
    np.testing.assert_allclose(probabilities, model.predict_proba(fresh), rtol=0, atol=1e-9)


def test_a_graph_with_categories_makes_the_estimator_s_predictions(tmp_path: Path, works: Mapping[str, str]) -> None:
    model, data = relapse()
    adopt(tmp_path, model, data, "--target", "relapse", "--folder", str(tmp_path))
    (tmp_path / "slr.joblib").unlink()  # the service does not need it
    fresh = people(50, seed=6)[[*data.columns[:-1]]]
    with served(tmp_path, works) as client:
        classes = client.post("/predict_class", json={"instances": instances(fresh)}).json()
    assert classes["predictions"] == model.predict(fresh).tolist()
    probabilities = [[row["false"], row["true"]] for row in classes["probabilities"]]
    np.testing.assert_allclose(probabilities, model.predict_proba(fresh), rtol=0, atol=1e-9)


@pytest.mark.more
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("make", "target"), [(stay, "days"), (risk, "risk")])
def test_the_tests_pass_with_it_in_place_of_the_demo(tmp_path: Path, make: Any, target: str) -> None:
    copy = tmp_path / "project"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
    adopt(tmp_path, *make(), "--target", target, project=copy)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *READ_THE_MODEL],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert json.loads((copy / "model" / "slr.json").read_text())["output"]["name"] == target
