"""The comparison with the peers: what is told of them, and what becomes of one that fails."""

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.compare import environments, ratios, rounds, saved, table
from bench.compare.catalogue import SUBJECTS
from bench.compare.chart import svg
from bench.compare.environments import PEERS, Environment
from bench.compare.failure import Failed
from bench.compare.figures import Figures, Result
from bench.compare.formats import INSTANCES, MATRIX, PREDICTION, V2, Format
from bench.compare.launch import Launch, Run
from bench.compare.machine import About
from bench.compare.process import Command, alive, running, tree
from bench.compare.subjects import Server

ABOUT = About("A processor", 2, "3.13.0", "2026-01-31", "python -m bench.compare --save")
BY_NAME = {subject.name: subject for subject in SUBJECTS}
REASON = "cannot be installed: error: a < b | c"


def measured(name: str, *found: Figures, failure: str = "") -> Result:
    """A subject of the catalogue with these rounds."""
    return Result(BY_NAME[name], list(found), failure)


def everybody() -> list[Result]:
    """All subjects, each with the same two rounds, but MLflow, which fails."""
    whole = [Figures(cold_start_s=each, requests_per_s=1_000 * each, memory_mb=100 * each) for each in (1.0, 2.0)]
    return [measured(name, *whole) if name != "mlflow" else measured(name, failure=REASON) for name in BY_NAME]


def cold(name: str, *seconds: float) -> Result:
    """A subject of which only the cold starts are known."""
    return measured(name, *(Figures(cold_start_s=each) for each in seconds))


def row(text: str, title: str) -> str:
    """The row of a table that begins with a title."""
    return next(line for line in text.splitlines() if line.startswith(f"| {title} |"))


def outcome(results: Sequence[Result], title: str) -> ratios.Outcome:
    """One of the ratios."""
    return next(each for each in ratios.outcomes(results) if each.ratio.title == title)


def test_a_cell_is_the_median_with_the_least_and_the_greatest() -> None:
    assert "| 0.50 (0.40–0.90) |" in row(table.figures([cold("service", 0.4, 0.9, 0.5)]), "this service")


def test_a_figure_of_a_single_round_has_no_range() -> None:
    assert "| 0.40 |" in row(table.figures([cold("service", 0.4)]), "this service")


def test_everybody_has_a_row_and_every_row_the_same_number_of_cells() -> None:
    lines = table.figures(everybody()).splitlines()
    assert len(lines) == len(SUBJECTS) + 2
    assert len({line.replace(r"\|", "").count("|") for line in lines}) == 1


def test_the_row_of_a_peer_that_failed_says_why() -> None:
    assert r"not measured: cannot be installed: error: a < b \| c" in row(table.figures(everybody()), "MLflow")


@pytest.mark.parametrize(
    ("error", "told"), [(Failed("broke down"), "broke down"), (FileNotFoundError("no"), "FileNotFoundError: no")]
)
def test_a_subject_that_fails_does_not_end_the_run_and_has_no_further_turn(
    error: Exception, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = []

    def one_round(result: Result, run: Run) -> None:
        turns.append(result.subject.name)
        if result.subject.name == "mlflow":
            raise error

    monkeypatch.setattr(rounds, "made_ready", lambda result, run: None)
    monkeypatch.setattr(rounds, "one_round", one_round)
    found = rounds.compared([BY_NAME["mlflow"], BY_NAME["service"]], 2, Run(1.0))
    assert turns == ["mlflow", "service", "service"]
    assert [each.failure for each in found] == [told, ""]


def test_a_ratio_is_computed_within_each_round_over_the_best_of_the_others() -> None:
    results = [cold("service", 1.0, 1.0), cold("fastapi", 4.0, 2.0), cold("mlserver", 5.0, 1.0)]
    assert outcome(results, "cold start ÷ fastest peer's").values == [0.25, 1.0]


def test_a_peer_that_failed_later_is_in_no_ratio() -> None:
    failed = measured("mlserver", Figures(cold_start_s=0.1), failure="broke down")
    results = [cold("service", 1.0, 1.0), cold("fastapi", 4.0, 2.0), failed]
    assert outcome(results, "cold start ÷ fastest peer's").values == [0.25, 0.5]


@pytest.mark.parametrize(("seconds", "verdict"), [(1.0, "| kept |"), (1.1, "| NOT kept |")])
def test_a_ratio_says_whether_its_target_is_kept(seconds: float, verdict: str) -> None:
    found = ratios.outcomes([cold("service", seconds), cold("fastapi", 2.0)])
    assert verdict in row(table.ratios(found), "cold start ÷ fastest peer's")


def test_a_ratio_without_one_of_its_sides_was_not_measured() -> None:
    found = ratios.outcomes([cold("service", 1.0)])
    assert {each.median for each in found} == {None}
    assert "not measured" in row(table.ratios(found), "memory ÷ FastAPI's")


def test_floors_are_no_peers() -> None:
    assert outcome([cold("service", 1.0), cold("coefficients", 0.1)], "cold start ÷ fastest peer's").median is None


@pytest.mark.parametrize(
    ("form", "wrapped"),
    [
        (INSTANCES, lambda values: {"predictions": values}),
        (MATRIX, lambda values: {"predictions": values}),
        (V2, lambda values: {"outputs": [{"data": values}]}),
    ],
)
def test_an_answer_is_correct_with_the_right_prediction_for_each_row(
    form: Format, wrapped: Callable[[list[float]], object]
) -> None:
    def correct(*values: float) -> bool:
        return form.correct(json.dumps(wrapped(list(values))).encode(), 2)

    assert correct(PREDICTION, PREDICTION)
    assert not correct(PREDICTION)
    assert not correct(PREDICTION, 162.3)
    assert not form.correct(b'{"detail":"no"}', 2)
    assert not form.correct(b"<html>", 2)


def test_the_reason_is_the_last_exception_of_a_program_that_breaks_down() -> None:
    said = ["INFO - starting", "Traceback (most recent call last):", "  File", "ValueError: no model", "INFO - bye"]
    assert environments.reason(said) == "ValueError: no model"


def test_the_reason_is_the_first_error_of_uv_with_its_cause() -> None:
    said = ["warning: a shim", "error: No solution found", "  cause: there is no version 9", "  cause: more"]
    assert environments.reason(said) == "error: No solution found cause: there is no version 9"


def test_the_reason_is_the_last_line_of_whoever_says_nothing_else() -> None:
    assert environments.reason(["one", "two", ""]) == "two"
    assert environments.reason([]) == "no reason was given"


def test_an_environment_is_made_anew_when_an_included_file_changes(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r more.txt\nnumpy==1.0\n", encoding="utf-8")
    (tmp_path / "more.txt").write_text("scipy==1.0\n", encoding="utf-8")
    before = environments.key(tmp_path / "requirements.txt")
    (tmp_path / "more.txt").write_text("scipy==1.1\n", encoding="utf-8")
    assert environments.key(tmp_path / "requirements.txt") != before


@pytest.mark.parametrize("name", sorted({subject.environment for subject in SUBJECTS} - {"service"}))
def test_a_peer_asks_for_exact_versions(name: str) -> None:
    lines = (PEERS / name / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert all("==" in line for line in lines)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_command_of_the_catalogue_has_all_its_places(name: str) -> None:
    subject = BY_NAME[name]
    ready = Launch(subject, Environment(subject.environment), Run(1.0), [1001, 1002, 1003])
    assert all(ready.command(subject.command))


def test_a_process_ends_with_all_that_it_started_also_in_sessions_of_their_own(tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = Command(["sh", "-c", "setsid sleep 50 & sleep 50"], os.environ, tmp_path)
    with told.open("w") as said, running(command, 10.0, core=None, said=said) as shell:
        while len({each.session for each in tree(shell.pid)}) < 2:
            time.sleep(0.01)
        begun = tree(shell.pid)
    assert not alive(begun)


def test_the_chart_is_xml_that_names_every_server_and_why_one_has_no_bars() -> None:
    said = [text for text in ET.fromstring(svg(everybody(), ABOUT)).itertext() if text.strip()]  # noqa: S314
    assert {subject.title for subject in SUBJECTS if isinstance(subject, Server)} <= set(said)
    assert f"not measured: {REASON}" in said


def test_a_floor_beyond_the_scale_is_cut() -> None:
    service, floor = (Figures(requests_per_s=each) for each in (1_000.0, 50_000.0))
    whole = svg([measured("service", service), measured("bare", service)], ABOUT)
    cut = svg([measured("service", service), measured("bare", floor)], ABOUT)
    assert cut.count("<line") == whole.count("<line") + 2
    assert ">50,000<" in cut


def test_the_same_figures_are_saved_as_the_same_text_in_any_order() -> None:
    results = everybody()
    found = ratios.outcomes(results)
    text = saved.text(results, found, ABOUT)
    assert text == saved.text(results[::-1], found[::-1], ABOUT)
    assert json.loads(text)["subjects"]["service"]["figures"]["cold_start_s"] == [1.0, 2.0]
    assert json.loads(text)["subjects"]["mlflow"]["failure"] == REASON
