"""Faults that the service cannot be made to have: busy, gone, a token that expires in a run, another model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.tools.score.conftest import Score, table
from tests.tools.score.fake_service import FakeService, Responding, dropped, predictions, problem
from tools import score

ROWS = "x\n" + "".join(f"{i}\n" for i in range(10))
PREDICTIONS = [2 * i + 1.0 for i in range(10)]


def predicted(folder: Path) -> list[float]:
    return [float(row["y"]) for row in table(folder / "scored.csv")]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_service_is_waited_for_as_long_as_it_says(
    run: Score, fake: FakeService, tmp_path: Path, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    fake.faults = [problem(status, "Busy", Retry_After="0")] * 3
    assert run(fake.url, ROWS, "--rows", "5") == score.ALL
    assert predicted(tmp_path) == PREDICTIONS
    assert f"the service returned {status} Busy (request r1); waiting 0 s" in capsys.readouterr().err
    assert len(fake.requests) == 5


def test_a_login_is_waited_for_too(run: Score, fake: FakeService) -> None:
    fake.logins = [(429, {"Retry-After": "0"}, {"title": "Too many failed logins"})]
    assert run(fake.url, ROWS) == score.ALL


def test_a_wait_beyond_the_limit_stops_at_once_and_the_run_continues_later(
    run: Score, fake: FakeService, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.faults = [predictions, problem(503, "Busy", Retry_After="3600")]
    arguments = ("--rows", "4", "--at-once", "1", "--wait", "60")
    assert run(fake.url, ROWS, *arguments) == score.STOPPED
    assert predicted(tmp_path) == PREDICTIONS[:4]
    error = capsys.readouterr().err
    assert "Stopped: the service returned 503 Busy (request r1). Waited 0 s; the limit is --wait 60." in error
    assert "--resume continues" in error
    assert run(fake.url, ROWS, *arguments, "--resume") == score.ALL
    assert predicted(tmp_path) == PREDICTIONS
    assert sum(rows for _, rows in fake.requests) == 10 + 4, "what was scored is not sent again"


def test_dropped_connections_are_tried_again(run: Score, fake: FakeService, tmp_path: Path) -> None:
    fake.faults = [predictions, dropped]
    assert run(fake.url, ROWS, "--rows", "2", "--at-once", "1") == score.ALL
    assert predicted(tmp_path) == PREDICTIONS


def test_connections_that_always_drop_stop_the_run(
    run: Score, fake: FakeService, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.always = dropped
    assert run(fake.url, ROWS, "--wait", "0") == score.STOPPED
    assert "the connection failed" in capsys.readouterr().err


def test_an_expired_token_is_renewed_once_for_all_requests(run: Score, fake: FakeService, tmp_path: Path) -> None:
    def expired(service: FakeService, instances: list[Mapping[str, Any]]) -> Responding:
        if service.requests[-1][0] == "token-1" and len(service.requests) > 4:
            return problem(401, "The token is not valid")(service, instances)
        return predictions(service, instances)

    fake.always = expired
    assert run(fake.url, ROWS, "--rows", "1") == score.ALL
    assert predicted(tmp_path) == PREDICTIONS
    assert fake.tokens == ["token-1", "token-2"]


def test_a_new_token_that_is_refused_stops_the_run(
    run: Score, fake: FakeService, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.always = problem(401, "The token is not valid")
    assert run(fake.url, ROWS) == score.STOPPED
    assert "/predict returned 401 The token is not valid (request r1)" in capsys.readouterr().err
    assert fake.tokens == ["token-1", "token-2"]


def test_a_token_without_a_password_cannot_be_renewed(
    run: Score, fake: FakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EGL_ML_TOKEN", "old")
    monkeypatch.delenv("EGL_ML_PASSWORD")
    fake.always = problem(401)
    assert run(fake.url, ROWS) == score.STOPPED
    assert "the token is refused or has expired: set EGL_ML_USER" in capsys.readouterr().err
    assert [token for token, _ in fake.requests] == ["old"]


def test_a_failure_of_the_service_stops_the_run_with_its_request_id(
    run: Score, fake: FakeService, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.faults = [problem(500, "The service failed")]
    assert run(fake.url, ROWS) == score.STOPPED
    assert "500 The service failed (request r1)" in capsys.readouterr().err


@pytest.mark.parametrize("content", [{}, [], {"predictions": [1.0]}])
def test_a_response_that_is_no_prediction_stops_the_run(
    run: Score, fake: FakeService, capsys: pytest.CaptureFixture[str], content: Any
) -> None:
    fake.faults = [lambda service, instances: (200, {}, content)]
    assert run(fake.url, ROWS) == score.STOPPED
    assert "/predict returned what is no prediction" in capsys.readouterr().err


def test_too_few_predictions_stop_the_run(run: Score, fake: FakeService, capsys: pytest.CaptureFixture[str]) -> None:
    fake.faults = [lambda service, instances: predictions(service, instances[1:])]
    assert run(fake.url, ROWS) == score.STOPPED
    assert "/predict returned 9 predictions for 10 rows" in capsys.readouterr().err


def test_another_model_stops_the_run_and_it_does_not_continue(
    run: Score, fake: FakeService, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def deployed(service: FakeService, instances: list[Mapping[str, Any]]) -> Responding:
        service.model["version"] = "2"
        return predictions(service, instances)

    fake.faults = [predictions, deployed]
    arguments = ("--rows", "5", "--at-once", "1")
    assert run(fake.url, ROWS, *arguments) == score.STOPPED
    assert predicted(tmp_path) == PREDICTIONS[:5]
    assert run(fake.url, ROWS, *arguments, "--resume") == score.REFUSED
    assert "the service's model was line 1 and is line 2" in capsys.readouterr().err
    assert run(fake.url, ROWS, *arguments, "--overwrite") == score.ALL


def test_a_refusal_that_names_no_row_is_divided_until_the_row_is_found(
    run: Score, fake: FakeService, tmp_path: Path
) -> None:
    def unnamed(service: FakeService, instances: list[Mapping[str, Any]]) -> Responding:
        bad = any(each["x"] == 6 for each in instances)
        return (problem(422, "The estimator refuses it") if bad else predictions)(service, instances)

    fake.always = unnamed
    assert run(fake.url, ROWS) == score.REJECTED
    assert predicted(tmp_path) == [each for each in PREDICTIONS if each != 13]
    (row,) = table(tmp_path / "scored.rejected.csv")
    assert (row["line"], row["reason"], row["x"]) == ("8", "The estimator refuses it", "6")
    assert len(fake.requests) <= 9


def test_a_batch_that_is_too_large_for_the_service_is_divided(run: Score, fake: FakeService, tmp_path: Path) -> None:
    """The limits of a proxy, or of a feature store with one call for each entity, are lower."""
    fake.always = lambda service, instances: (problem(413) if len(instances) > 3 else predictions)(service, instances)
    assert run(fake.url, ROWS) == score.ALL
    assert predicted(tmp_path) == PREDICTIONS


def test_rows_whose_stored_features_are_wrong_are_rejected(run: Score, fake: FakeService, tmp_path: Path) -> None:
    errors = [{"pointer": "/instances/1/x", "detail": "is not a number in the store"}]
    fake.faults = [problem(502, "The feature store's answer cannot be used", errors)]
    assert run(fake.url, ROWS) == score.REJECTED
    assert [row["line"] for row in table(tmp_path / "scored.rejected.csv")] == ["3"]
