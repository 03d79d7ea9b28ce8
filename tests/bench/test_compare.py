"""The comparison with the peers: its tables, its catalogue, and the end of a subject that fails."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from bench.compare import __main__ as compare
from bench.compare import launch, results
from bench.compare.catalogue import DEMO_SERVICE, PEERS, SUBJECTS, subjects
from bench.compare.formats import INSTANCES, MLFLOW_ROWS, V2, Format
from bench.compare.launch import Failed, Launch
from bench.compare.models import DEMO, LINEAR, NAMES, Model
from bench.compare.ratios import ratios
from bench.compare.results import Result
from bench.launch import PREDICTION, running, tree

BY_NAME = {subject.name: subject for subject in SUBJECTS}
NUMBERS = Model("forest", Path("forest"), [{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 4.0}], [10.0, 20.0])
MIXED = Model("pipeline", Path("pipeline"), [{"a": 1.0, "b": "x"}, {"a": None, "b": None}], [10.0, 20.0], frame=True)
FASTEST_PEER = "cold start ÷ fastest peer's"
SINGLE_SECONDS = 1.0


def cold(name: str, *seconds: float, failure: str = "") -> Result:
    """Return a subject of which only the cold starts are known."""
    return Result(BY_NAME[name], [{"cold_start_s": value} for value in seconds], failure)


def ratio_table(measured: list[Result]) -> str:
    return results.ratio_table(measured, ratios(DEMO))


def row(text: str, title: str) -> str:
    """Return the row of a table that begins with a title."""
    return next(line for line in text.splitlines() if line.startswith(f"| {title} |"))


def test_a_cell_is_the_median_with_the_least_and_the_greatest_value_of_several_rounds() -> None:
    assert "| 0.50 (0.40–0.90) |" in row(results.figures([cold("service", 0.4, 0.9, 0.5)]), "this service")
    assert "| 0.40 |" in row(results.figures([cold("service", 0.4)]), "this service")


def test_every_subject_has_a_row_with_the_same_number_of_cells() -> None:
    lines = results.figures([cold(name, 1.0, failure="a | b" * (name == "mlflow")) for name in BY_NAME]).splitlines()
    assert len(lines) == len(SUBJECTS) + 2
    assert len({line.replace(r"\|", "").count("|") for line in lines}) == 1


def test_the_row_of_a_peer_that_failed_has_the_reason() -> None:
    failed = cold("mlflow", failure="cannot be installed: error: a < b | c")
    assert r"not measured: cannot be installed: error: a < b \| c" in row(results.figures([failed]), "MLflow")


@pytest.mark.parametrize(
    ("error", "reason"), [(Failed("broke down"), "broke down"), (FileNotFoundError("no"), "FileNotFoundError: no")]
)
def test_a_subject_that_fails_has_no_further_turn_and_the_run_continues(
    error: Exception, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = []

    def measure_round(result: Result, seconds: float) -> None:
        turns.append(result.subject.name)
        if result.subject.name == "mlflow":
            raise error

    monkeypatch.setattr(compare, "prepare", lambda result, seconds: None)
    monkeypatch.setattr(compare, "measure_round", measure_round)
    measured = [cold("mlflow"), cold("service")]
    compare.compare(measured, 2, SINGLE_SECONDS)
    assert turns == ["mlflow", "service", "service"]
    assert [result.failure for result in measured] == [reason, ""]


def test_a_ratio_is_computed_within_each_round_with_the_best_of_the_others() -> None:
    text = ratio_table([cold("service", 1.0, 1.0), cold("fastapi", 4.0, 2.0), cold("mlserver", 5.0, 1.0)])
    assert "| 0.62 (0.25–1.00) |" in row(text, FASTEST_PEER)


def test_a_peer_that_failed_later_is_in_no_ratio() -> None:
    failed = cold("mlserver", 0.1, failure="broke down")
    text = ratio_table([cold("service", 1.0, 1.0), cold("fastapi", 4.0, 2.0), failed])
    assert "| 0.38 (0.25–0.50) |" in row(text, FASTEST_PEER)


@pytest.mark.parametrize(("seconds", "verdict"), [(1.0, "| reached |"), (1.1, "| missed |")])
def test_the_row_of_a_ratio_has_the_verdict_on_its_target(seconds: float, verdict: str) -> None:
    assert verdict in row(ratio_table([cold("service", seconds), cold("fastapi", 2.0)]), FASTEST_PEER)


@pytest.mark.parametrize("others", [[], [cold("coefficients", 0.1)]], ids=["alone", "with a floor"])
def test_a_ratio_without_one_of_its_sides_is_not_measured(others: list[Result]) -> None:
    assert "| not measured |" in row(ratio_table([cold("service", 1.0), *others]), FASTEST_PEER)


@pytest.mark.parametrize(
    ("form", "wrap"),
    [
        (INSTANCES, lambda values: {"predictions": values}),
        (MLFLOW_ROWS, lambda values: {"predictions": values}),
        (V2, lambda values: {"outputs": [{"data": values}]}),
    ],
)
def test_a_response_is_correct_with_the_right_prediction_for_each_row(
    form: Format, wrap: Callable[[list[float]], object]
) -> None:
    def correct(*values: float) -> bool:
        return form.is_correct(json.dumps(wrap(list(values))).encode(), LINEAR, 2)

    assert correct(PREDICTION, PREDICTION)
    assert not correct(PREDICTION)
    assert not correct(PREDICTION, 162.3)
    assert not form.is_correct(b'{"detail":"no"}', LINEAR, 2)
    assert not form.is_correct(b"<html>", LINEAR, 2)


@pytest.mark.parametrize("form", [INSTANCES, MLFLOW_ROWS])
def test_each_row_of_a_batch_has_its_own_right_prediction(form: Format) -> None:
    def correct(*values: float) -> bool:
        return form.is_correct(json.dumps({"predictions": values}).encode(), NUMBERS, 3)

    assert correct(10.0, 20.0, 10.0)
    assert not correct(10.0, 10.0, 20.0)
    assert not correct(10.0, 20.001, 10.0)


@pytest.mark.parametrize(
    ("form", "model", "body"),
    [
        (INSTANCES, NUMBERS, {"instances": [{"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 4.0}, {"a": 1.0, "b": 2.0}]}),
        (MLFLOW_ROWS, NUMBERS, {"inputs": [[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]]}),
        (
            MLFLOW_ROWS,
            MIXED,
            {"dataframe_records": [{"a": 1.0, "b": "x"}, {"a": None, "b": None}, {"a": 1.0, "b": "x"}]},
        ),
    ],
)
def test_a_batch_repeats_the_models_instances(form: Format, model: Model, body: object) -> None:
    assert json.loads(form.body(model, 3)) == body


def test_the_inference_protocol_has_one_matrix_of_numbers_or_one_column_of_each_feature() -> None:
    (matrix,) = json.loads(V2.body(NUMBERS, 2))["inputs"]
    assert (matrix["shape"], matrix["datatype"], matrix["data"]) == ([2, 2], "FP64", [1.0, 2.0, 3.0, 4.0])
    numbers, texts = json.loads(V2.body(MIXED, 2))["inputs"]
    assert (numbers["datatype"], numbers["data"]) == ("FP64", [1.0, None])
    assert (texts["datatype"], texts["data"]) == ("BYTES", ["x", None])


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("INFO - starting\nTraceback:\n  File\nValueError: no model\nINFO - bye", "ValueError: no model"),
        ("warning: a\nerror: No solution\n  cause: no version 9\n  cause: b", "error: No solution cause: no version 9"),
        ("first\nlast\n\n", "last"),
        ("", "there is no output"),
    ],
)
def test_the_reason_of_a_failure_is_one_line_of_the_output(output: str, reason: str) -> None:
    assert launch.reason(output) == reason


def test_an_environment_is_made_again_when_an_included_file_changes(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r more.txt\nnumpy==1.0\n", encoding="utf-8")
    (tmp_path / "more.txt").write_text("scipy==1.0\n", encoding="utf-8")
    before = launch.requirements_key(tmp_path / "requirements.txt")
    (tmp_path / "more.txt").write_text("scipy==1.1\n", encoding="utf-8")
    assert launch.requirements_key(tmp_path / "requirements.txt") != before


@pytest.mark.parametrize("name", sorted({peer.environment for peer in PEERS} | {"bare", "frames", "models"}))
def test_a_peer_requires_exact_versions(name: str) -> None:
    lines = (launch.PEERS / name / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert all("==" in line or line.startswith(("#", "-r ../models/")) for line in lines)


@pytest.mark.parametrize("name", sorted({peer.environment for peer in PEERS}))
def test_a_peer_includes_the_packages_of_all_models(name: str) -> None:
    text = (launch.PEERS / name / "requirements.txt").read_text(encoding="utf-8")
    assert "-r ../models/requirements.txt" in text.splitlines()


@pytest.mark.parametrize("name", BY_NAME)
def test_every_value_in_a_command_of_the_catalogue_is_known(name: str) -> None:
    ready = Launch(BY_NAME[name], SINGLE_SECONDS, [1001, 1002, 1003])
    assert all(ready.fill(part) for part in ready.subject.command)


def test_a_program_ends_with_everything_that_it_started_also_in_sessions_of_their_own() -> None:
    command = ["sh", "-c", "setsid sleep 50 & sleep 50"]
    with running(command, core=None, stdout=subprocess.DEVNULL) as shell:
        while len({os.getsid(member.pid) for member in tree(shell)}) < 2:
            time.sleep(0.01)
        members = tree(shell)
    assert len(members) >= 2
    assert not any(member.is_running() and member.status() != psutil.STATUS_ZOMBIE for member in members)


@pytest.mark.parametrize("name", NAMES[1:])
def test_every_peer_serves_the_chosen_model_beside_the_demo_and_the_constant(name: str) -> None:
    model = Model(name, Path(name), [{"a": 1.0}], [1.0])
    served = {subject.name: subject.model for subject in subjects(model)}
    assert all(served[peer] is model for peer in ["service", *(peer.name for peer in PEERS)])
    assert {peer for peer, chosen in served.items() if chosen is LINEAR} == {"demo", "constant"}


def test_the_demo_is_measured_next_to_the_service() -> None:
    assert [subject.name for subject in subjects(NUMBERS)[:2]] == ["service", "demo"]


def test_the_demos_model_has_the_floors_too() -> None:
    assert subjects(LINEAR) == SUBJECTS
    assert DEMO_SERVICE not in SUBJECTS


def test_a_server_is_started_with_the_files_of_its_model() -> None:
    (service, *_) = subjects(NUMBERS)
    settings = Launch(service, SINGLE_SECONDS, [1001, 1002, 1003]).settings()
    files = (settings["MODEL_NAME"], settings["MODEL"], settings["MODEL_MANIFEST"])
    assert files == ("forest", "forest/slr.joblib", "forest/slr.json")


def test_only_a_model_that_was_fitted_on_a_data_frame_needs_pandas() -> None:
    assert [launch.needs_frames(subjects(model)[0]) for model in (LINEAR, NUMBERS, MIXED)] == [False, False, True]


@pytest.mark.parametrize("name", NAMES[1:])
def test_each_peer_has_a_target_of_its_own_for_a_trained_model(name: str) -> None:
    titles = [ratio.title for ratio in ratios(name) if ratio.limit]
    assert all(any(title.endswith(peer.title) for title in titles) for peer in PEERS)


def test_a_figure_without_others_is_compared_with_its_limit() -> None:
    measured = [Result(BY_NAME["service"], [{"memory_mb": 110.0}])]
    assert "| 110.00 | < 120 | reached |" in row(results.ratio_table(measured, ratios("forest")), "memory MB")


def test_the_model_is_an_argument() -> None:
    assert compare.parse([]).model == DEMO
    assert compare.parse(["--model", "forest"]).model == "forest"
    with pytest.raises(SystemExit):
        compare.parse(["--model", "tree"])
