"""The queries about a challenger, on telemetry that services with a known difference really sent."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.functions as func
import numpy as np
import pytest

from tests.app import App, load_app
from tests.ingestion import Ingestion
from tests.loop import run
from tests.models import SIGNS, Doubling, Failing, Sign, TenMore, dump
from tests.recording import context
from tests.telemetry_samples import challenged, event, invocation, records, stored
from tools.insights.kql import run_query
from tools.insights.queries import MONITORING
from tools.insights.store import Store
from tools.insights.track import track

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")  # the library's
QUERIES = sorted(path.stem for path in (MONITORING / "queries").glob("challenger-*.kql"))
type Rows = Sequence[Mapping[str, Any]]


class Opposite(Sign):
    """A classifier that calls everything high."""

    def predict(self, rows: Any) -> Any:
        return np.full(len(rows), "high")


class Sent:
    """What a service sent."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._store = Store()
        assert not track(self._store, json.dumps(items).encode(), "").errors

    def query(self, name: str, **parameters: str) -> Rows:
        """Return the result of a query over the last hour."""
        text = (MONITORING / "queries" / f"{name}.kql").read_text(encoding="utf-8")
        now = datetime.now(UTC)
        return run_query(self._store, text, now - timedelta(hours=1), now + timedelta(minutes=1), parameters).records()


def predict(app: App, *values: float) -> None:
    body = json.dumps({"instances": [{"x": value} for value in values]}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {app.service.auth.tokens.issue('abi')}"}
    route = next(route for route in app.routes if route.name == "predict")
    request = func.HttpRequest("POST", "http://localhost/predict", headers=headers, body=body)
    assert run(app.routes.wrap(route, app.handlers["predict"])(request, context())).status_code == 200


@pytest.fixture
def ingestion() -> Iterator[Ingestion]:
    server = Ingestion()
    yield server
    server.end()


def sent(environ: Mapping[str, str], folder: Path, ingestion: Ingestion, models: Sequence[Any], **members: Any) -> Sent:
    """Return the telemetry of six requests to a champion beside a challenger."""
    for name, estimator in zip(("champion", "challenger"), models, strict=True):
        (folder / name).mkdir()
        dump(estimator, folder / name, version=name, **members)
    settings = {
        "MODEL_MANIFEST": str(folder / "champion" / "m.json"),
        "CHALLENGER_MANIFEST": str(folder / "challenger" / "m.json"),
        "CHALLENGER_SHARE": "1",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": ingestion.connection_string,
    }
    with load_app({**environ, **settings}) as app:
        for value in (-0.75, -0.5, -0.25, 0.25, 0.5):
            predict(app, value)
        predict(app, 0.75, 1.0)
        background = app.service.threads.challenger
        while background._count:
            background._wake.wait(0.01)
    return Sent(ingestion.items)


def test_a_challenger_that_predicts_ten_more_shows_ten(
    environ: Mapping[str, str], tmp_path: Path, ingestion: Ingestion
) -> None:
    found = sent(environ, tmp_path, ingestion, [Doubling(), TenMore()])
    differences = found.query("challenger-difference")
    assert [(row["mean"], row["absolute_mean"]) for row in differences] == [(10, 10)] * len(differences)
    assert differences
    assert {row["agreement"] for row in found.query("challenger-agreement")} == {0}
    where = found.query("challenger-where")
    assert [(row["champion"], row["instances"], row["difference_mean"]) for row in where] == [
        ("low, -1.5 to -1.0", 2, 10),
        ("middle, -0.5 to 0.5", 2, 10),
        ("high, 1.0 to 1.8", 3, 10),
    ]
    different = found.query("challenger-most-different")
    assert [row["difference_abs_max"] for row in different] == [10] * 6
    operations = {item["tags"]["ai.operation.id"] for item in ingestion.of_type("RemoteDependencyData")}
    assert {row["operation_Id"] for row in different} == operations
    champion, challenger = found.query("challenger-latency")[::-1]
    assert (champion["model"], champion["version"], champion["requests"]) == ("champion", "champion", 6)
    assert (challenger["version"], challenger["requests"], challenger["failed_percent"]) == ("challenger", 6, 0)
    assert challenger["p50_ms"] > 0
    assert found.query("challenger-uncompared") == []


def test_a_copy_of_the_champion_agrees_with_it(
    environ: Mapping[str, str], tmp_path: Path, ingestion: Ingestion
) -> None:
    found = sent(environ, tmp_path, ingestion, [Doubling(), Doubling()])
    assert {row["agreement"] for row in found.query("challenger-agreement")} == {100}
    assert found.query("challenger-most-different") == []


def test_a_classifier_s_labels_show_where_they_part(
    environ: Mapping[str, str], tmp_path: Path, ingestion: Ingestion
) -> None:
    found = sent(environ, tmp_path, ingestion, [Sign(), Opposite()], kind="classifier", output=SIGNS)
    assert [(row["champion"], row["challenger"], row["instances"]) for row in found.query("challenger-where")] == [
        ("high", "high", 4),
        ("low", "high", 3),
    ]
    (row,) = found.query("challenger-agreement") or [{}]
    assert row["agreement"] == pytest.approx(100 * 4 / 7)
    assert [row["differing"] for row in found.query("challenger-most-different")] == [1, 1, 1]
    assert found.query("challenger-difference") == []


def test_failures_are_shown_with_their_reason(environ: Mapping[str, str], tmp_path: Path, ingestion: Ingestion) -> None:
    found = sent(environ, tmp_path, ingestion, [Doubling(), Failing()])
    (row,) = found.query("challenger-uncompared")
    assert (row["why"], row["requests"], row["instances"]) == ("failed: KeyError", 6, 7)
    assert [row["failed_percent"] for row in found.query("challenger-latency") if row["model"] == "challenger"] == [100]


def test_dropped_requests_and_rows_that_are_not_comparable_are_counted() -> None:
    dropped = event("challenger_dropped")
    dropped.measurements = {"requests": 3.0, "rows": 40.0}
    partly = challenged(invocation(), instances=5, compared=2)
    rows = records(stored(dropped, partly, challenged(invocation())), "challenger-uncompared")
    assert [(row["why"], row["requests"], row["instances"]) for row in rows] == [
        ("dropped: the queue was full", 3, 40),
        ("not comparable", 1, 3),
    ]


@pytest.mark.parametrize("name", QUERIES)
def test_without_a_challenger_there_are_no_rows(name: str) -> None:
    assert records(stored(invocation()), name) == []
