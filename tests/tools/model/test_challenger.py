"""`make model AS=challenger`: adopted beside the champion, compared with it, and switched on."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from tests.tools.model.estimators import save
from tools.model import main

ROWS = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["a", "b"])
SUM = ROWS["a"] + 2 * ROWS["b"]
SIGN = np.where(SUM > 0, "high", "low")
NAMES = ["CHALLENGER_MANIFEST", "CHALLENGER_SHARE"]


def adopt(project: Path, estimator: object, target: object, *options: str, frame: pd.DataFrame = ROWS) -> int:
    folder = project / "given"
    folder.mkdir(exist_ok=True)
    arguments = save(folder, estimator, frame, target)
    return main([*arguments, "--folder", str(project / "model"), *options])


def champion(project: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project / "model").iterdir() if path.is_file()}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a regressor and a setting of its own."""
    values = {"Values": {"OWN": "kept", "UNKNOWN": "too"}, "Host": {"CORS": "*"}}
    (tmp_path / "local.settings.json").write_text(json.dumps(values))
    assert adopt(tmp_path, LinearRegression().fit(ROWS, SUM), SUM) == 0
    return tmp_path


def test_a_challenger_that_adds_10_shows_10_and_is_switched_on(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = champion(project)
    capsys.readouterr()

    assert adopt(project, LinearRegression().fit(ROWS, SUM + 10), SUM, "--anyway", "--as", "challenger") == 0

    printed = capsys.readouterr().out
    assert "The predictions differ for 100.0% of the rows." in printed
    assert "Challenger minus champion: 0 % 10, 5 % 10, 25 % 10, 50 % 10, 75 % 10, 95 % 10, 100 % 10." in printed
    assert "R² on 60 rows of train.csv: champion 1, challenger -" in printed
    assert "The contract is the same." in printed
    assert "in the champion and" in printed
    assert "MODEL_MANIFEST" not in printed
    assert champion(project) == before
    assert (project / "model" / "challenger" / "slr.json").exists()
    written = json.loads((project / "local.settings.json").read_text())
    on = {"CHALLENGER_MANIFEST": "model/challenger/slr.json", "CHALLENGER_SHARE": "1"}
    assert written == {"Values": {"OWN": "kept", "UNKNOWN": "too", **on}, "Host": {"CORS": "*"}}


def test_a_classifier_shows_its_pairs_of_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert adopt(tmp_path, LogisticRegression().fit(ROWS, SIGN), SIGN) == 0
    other = np.where(SUM > 1, "high", "low")
    assert adopt(tmp_path, LogisticRegression().fit(ROWS, other), SIGN, "--as", "challenger") == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "The labels differ for" in printed
    assert "champion challenger rows" in printed
    assert " high low " in printed


def test_a_new_feature_is_named_with_what_the_service_can_compare(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = ROWS.assign(c=ROWS["a"] * ROWS["b"])
    assert adopt(project, LinearRegression().fit(frame, SUM), SUM, "--as", "challenger", frame=frame) == 0
    printed = capsys.readouterr().out
    assert "c is new, and required." in printed
    assert "Clients of the champion cannot send c." in printed
    assert "The predictions differ for 0.0% of the rows." in printed


def test_rows_without_the_champions_features_are_not_compared(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = ROWS[["b"]]
    assert adopt(project, LinearRegression().fit(frame, SUM), SUM, "--as", "challenger", frame=frame) == 0
    assert "The predictions cannot be compared on train.csv: it lacks a." in capsys.readouterr().out


@pytest.mark.parametrize("wrong", ["kind", "target", "settings", "no champion"])
def test_what_cannot_be_compared_is_refused_in_one_line_before_anything_is_written(
    project: Path, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    capsys.readouterr()
    estimator, target = LinearRegression().fit(ROWS, SUM), SUM
    if wrong == "kind":
        estimator, target = LogisticRegression().fit(ROWS, SIGN), SIGN
    if wrong == "target":
        path = project / "model" / "slr.json"
        path.write_text(path.read_text().replace('"output": {\n    "name": "', '"output": {\n    "name": "other '))
    if wrong == "settings":
        (project / "local.settings.json").write_text("{")
    if wrong == "no champion":
        (project / "model" / "slr.json").unlink()
    settings, files = (project / "local.settings.json").read_bytes(), champion(project)

    assert adopt(project, estimator, target, "--as", "challenger") == 1

    assert capsys.readouterr().err.count("\n") == 1
    assert not (project / "model" / "challenger").exists()
    assert (project / "local.settings.json").read_bytes() == settings
    assert champion(project) == files


def test_a_challenger_keeps_the_champion_s_texts_and_classes_where_it_has_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert adopt(tmp_path, LinearRegression().fit(ROWS, SUM), SUM, "--classes", "0,1") == 0
    path = tmp_path / "model" / "slr.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["features"][0].update(label="Age", unit="years", help="Whole ones.")
    document["output"].update(label="Score", unit="points")
    path.write_text(json.dumps(document), encoding="utf-8")
    frame = ROWS.rename(columns={"b": "c"})

    assert adopt(tmp_path, LinearRegression().fit(frame, SUM), SUM, "--as", "challenger", frame=frame) == 0

    made = json.loads((tmp_path / "model" / "challenger" / "slr.json").read_text(encoding="utf-8"))
    first, second = made["features"]
    assert (first["label"], first["unit"], first["help"]) == ("Age", "years", "Whole ones.")
    assert (second["name"], second.get("label", "")) == ("c", "")
    assert {name: made["output"][name] for name in ("label", "unit", "edges", "classes")} == {
        "label": "Score",
        "unit": "points",
        "edges": document["output"]["edges"],
        "classes": document["output"]["classes"],
    }
