"""The dashboards' queries compared with a client's own account.

Real traffic with known faults is sent by the real exporter to the local Application Insights.
"""

import re
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.accounts import ROWS, SLOW_SECONDS, Client, traffic
from tests.features.feast_server import feast_server
from tests.services import serving
from tools.insights.child import running as running_insights

PREDICTIONS = ("predict", "predict_class")
ARRIVAL_SECONDS = 15.0
WIDE = timedelta(days=2)  # around the traffic: all of it is one point of a chart
GRAIN_SECONDS = 6 * 3600


@dataclass
class Dashboards:
    """The local Application Insights, and the account of the requests."""

    url: str
    client: Client
    began: datetime
    pulls: Counter[str]

    def query(self, name: str, **parameters: str) -> Sequence[Mapping[str, Any]]:
        """Run a query over all of the traffic. Returns its rows."""
        times = {"since": (self.began - WIDE).isoformat(), "until": (self.began + WIDE).isoformat()}
        response = (
            httpx.get(f"{self.url}/api/questions/{name}", params={**times, **parameters}).raise_for_status().json()
        )
        return [dict(zip([column for column, _ in response["columns"]], row, strict=True)) for row in response["rows"]]

    def alerts(self) -> Mapping[str, str]:
        """Return alert → state."""
        alerts = httpx.get(f"{self.url}/api/alerts").raise_for_status().json()
        return {alert["name"]: alert["state"] for alert in alerts}


@pytest.fixture(scope="module")
def dashboards(works: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboards]:
    """The dashboards after traffic of which every request is known."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with running_insights(port) as connection, feast_server(ROWS) as store:
        environ = {
            **works,
            "APPLICATIONINSIGHTS_CONNECTION_STRING": connection,
            "FEATURES_SOURCE": "feast",
            "FEATURES_URL": f"{store.url}?view=patients&entity=patient",
            "FEATURES_TIMEOUT_MS": "400",
            "TMPDIR": str(tmp_path_factory.mktemp("kept")),
        }
        began = datetime.now(UTC) - timedelta(seconds=1)
        with serving(environ) as service, httpx.Client(base_url=service.url, timeout=20) as http:
            client = Client(http)
            pulls = traffic(client, store)
        yield wait_for_all(Dashboards(f"http://127.0.0.1:{port}", client, began, pulls))


def wait_for_all(dashboards: Dashboards) -> Dashboards:
    """Wait until as many invocations arrived as requests were sent."""
    end = time.monotonic() + ARRIVAL_SECONDS
    while time.monotonic() < end:
        if sum(counted(dashboards).values()) >= len(dashboards.client.calls):
            return dashboards
        time.sleep(0.2)
    raise AssertionError(f"not all requests arrived: {counted(dashboards)}")


def counted(dashboards: Dashboards) -> Mapping[str, int]:
    """Return outcome → requests."""
    return {row["outcome"]: round(row["per_second"] * GRAIN_SECONDS) for row in dashboards.query("traffic")}


def test_requests_by_outcome_are_the_client_s(dashboards: Dashboards) -> None:
    assert counted(dashboards) == Counter(call.outcome for call in dashboards.client.calls)


def test_logins_are_those_that_were_tried(dashboards: Dashboards) -> None:
    assert {row["result"]: row["logins"] for row in dashboards.query("logins")} == {
        "logged in": 1,
        "wrong credentials": 2,
    }


def test_failed_logins_are_listed_by_name_and_network(dashboards: Dashboards) -> None:
    rows = {row["part"]: row["wrong"] for row in dashboards.query("failed-logins")}
    assert rows == {"name abi": 1, "name mallory": 1, "network unknown": 2}


def test_failures_are_counted_by_function_and_problem(dashboards: Dashboards) -> None:
    expected = Counter(
        (call.path, str(call.status), call.outcome) for call in dashboards.client.calls if call.status != 200
    )
    rows = dashboards.query("failures")
    assert {(row["function"], row["status"], row["outcome"]): row["requests"] for row in rows} == expected
    examples = {call.request_id for call in dashboards.client.calls}
    assert all(row["operation_Id"] in examples for row in rows)


def test_problems_over_time_add_up(dashboards: Dashboards) -> None:
    expected = Counter(call.outcome for call in dashboards.client.calls if call.status != 200)
    assert {row["outcome"]: row["requests"] for row in dashboards.query("outcomes")} == expected


def test_the_share_of_failed_predictions_is_the_client_s(dashboards: Dashboards) -> None:
    calls = dashboards.client.calls_to(*PREDICTIONS)
    failed = sum(call.status >= 500 for call in calls)
    assert failed == 3
    (row,) = dashboards.query("model-errors")
    assert row["error_rate"] == pytest.approx(100 * failed / len(calls))


def test_the_share_of_failed_pulls_is_the_store_s(dashboards: Dashboards) -> None:
    (row,) = dashboards.query("feature-errors")
    assert row["error_rate"] == pytest.approx(100 * dashboards.pulls["failed"] / dashboards.pulls.total())


def test_the_latency_of_predictions_is_between_the_sum_of_steps_and_the_client_s(dashboards: Dashboards) -> None:
    calls = dashboards.client.calls_to(*PREDICTIONS, accepted=True)
    client_ms = sorted(call.took_ms for call in calls)
    steps_ms = sorted(sum(call.timing.values()) for call in calls)
    (row,) = dashboards.query("prediction-latency")
    assert steps_ms[len(calls) // 2] < row["p50"] < client_ms[len(calls) // 2]
    assert row["p99"] < client_ms[-1]


def test_the_latency_of_pulls_shows_the_slow_ones(dashboards: Dashboards) -> None:
    (row,) = dashboards.query("feature-latency")
    slowest = max(call.timing.get("features", 0.0) for call in dashboards.client.calls)
    assert slowest >= SLOW_SECONDS * 1000
    assert row["p99"] >= SLOW_SECONDS * 1000


def test_the_latency_of_the_model_leaves_the_pulls_out(dashboards: Dashboards) -> None:
    slow = [call for call in dashboards.client.calls if call.timing.get("features", 0.0) >= SLOW_SECONDS * 1000]
    assert len(slow) >= 4  # a busy machine may add one
    for call in slow:
        steps = {row["what"]: row["took_ms"] for row in flow(dashboards, call.request_id) if row["part"] == "step"}
        assert steps == pytest.approx(call.timing, abs=0.002)
        assert steps["features"] >= SLOW_SECONDS * 1000


def test_the_steps_are_part_of_the_total(dashboards: Dashboards) -> None:
    pulled = [call for call in dashboards.client.calls if call.timing.get("features") and call.status == 200]
    assert pulled
    for call in pulled:
        rows = flow(dashboards, call.request_id)
        total_ms = next(row["took_ms"] for row in rows if row["part"] == "request")
        assert sum(row["took_ms"] for row in rows if row["part"] == "step") <= total_ms


def flow(dashboards: Dashboards, request_id: str) -> Sequence[Mapping[str, Any]]:
    """Return a request's rows in its user's flow."""
    return [row for row in dashboards.query("user-flow", user="abi") if row["operation_Id"] == request_id]


def test_the_slowest_request_is_one_of_the_client_s_slowest(dashboards: Dashboards) -> None:
    calls = dashboards.client.calls_to(*PREDICTIONS)
    slowest = {call.request_id for call in sorted(calls, key=lambda call: -call.took_ms)[:5]}
    assert dashboards.query("slowest")[0]["operation_Id"] in slowest


def test_a_user_s_flow_has_all_their_requests_the_newest_first(dashboards: Dashboards) -> None:
    operations = [row["operation_Id"] for row in dashboards.query("user-flow", user="abi") if row["part"] == "request"]
    assert operations == [call.request_id for call in reversed(dashboards.client.calls) if call.user == "abi"]


def test_a_pull_is_between_the_steps_of_its_request(dashboards: Dashboards) -> None:
    (call,) = [call for call in dashboards.client.calls if call.timing.get("features")][-1:]
    parts = [(row["part"], row["what"].partition(" ")[0]) for row in flow(dashboards, call.request_id)]
    pull = parts.index(("call", "features.fetch"))
    assert parts.index(("step", "features")) < pull < parts.index(("step", "model"))


def test_a_request_s_steps_are_found_by_its_id_and_match_server_timing(dashboards: Dashboards) -> None:
    call = dashboards.client.calls_to("predict_class")[-1]
    items = dashboards.query("request-flow", operation=call.request_id)
    assert [row["part"] for row in items] == ["request", "invocation"]
    assert items[0]["took_ms"] <= call.took_ms
    assert items[1]["took_ms"] <= items[0]["took_ms"]
    assert items[1]["parent"] == items[0]["id"]


def test_a_failed_pull_is_part_of_its_request(dashboards: Dashboards) -> None:
    call = next(call for call in dashboards.client.calls if call.status >= 500)
    parts = {row["part"]: row["failed"] for row in dashboards.query("request-flow", operation=call.request_id)}
    assert (parts["call"], parts["invocation"]) == (True, True)


def test_what_changed_adds_up_to_all_predictions(dashboards: Dashboards) -> None:
    rows = dashboards.query("what-changed")  # one row, or two when five minutes ended in between
    calls = dashboards.client.calls_to(*PREDICTIONS, accepted=True)
    assert sum(row["requests"] for row in rows) == len(calls)
    assert sum(row["failed_percent"] * row["requests"] for row in rows) == pytest.approx(100 * 3)
    assert sum(row["outside_percent"] * row["requests"] for row in rows) == pytest.approx(100 * 6)
    means = [sum(call.predictions) / len(call.predictions) for call in calls if call.predictions]
    assert all(min(means) < row["mean_prediction"] < max(means) for row in rows)


def test_the_share_outside_the_training_range_is_the_client_s(dashboards: Dashboards) -> None:
    predicted = [call for call in dashboards.client.calls_to(*PREDICTIONS) if call.status == 200]
    assert len(predicted) == 57
    (row,) = dashboards.query("outside")
    assert row["outside_percent"] == pytest.approx(100 * 6 / 57)


def test_the_served_version_is_listed(dashboards: Dashboards, adopted: Any) -> None:
    _, manifest = adopted
    (row,) = dashboards.query("versions")
    assert (row["model"], row["model_version"]) == (manifest.name, manifest.version)


def test_a_start_is_listed_with_model_build_and_settings(dashboards: Dashboards, adopted: Any) -> None:
    _, manifest = adopted
    (row,) = dashboards.query("starts")
    assert (row["model"], row["model_version"], row["build"]) == (manifest.name, manifest.version, "local")
    assert re.fullmatch(r"[0-9a-f]{12}", row["settings"])


def test_predictions_are_compared_with_the_manifest_s_quantiles(dashboards: Dashboards, adopted: Any) -> None:
    _, manifest = adopted
    means = [
        sum(call.predictions) / len(call.predictions)
        for call in dashboards.client.calls_to(*PREDICTIONS)
        if call.predictions
    ]
    highest = manifest.statistics.prediction_quantiles[-1]
    bands = {row["band"]: row["now_percent"] for row in dashboards.query("answers-drift")}
    assert len(bands) == 8
    assert sum(bands.values()) == pytest.approx(100)
    assert bands[f"above {highest:.1f}"] == pytest.approx(100 * sum(mean > highest for mean in means) / len(means))


def test_one_process_started(dashboards: Dashboards) -> None:
    (row,) = dashboards.query("cold-starts")
    assert row["starts"] == 1


def test_functions_and_users_are_the_client_s(dashboards: Dashboards) -> None:
    assert [row["function"] for row in dashboards.query("functions")] == ["predict", "predict_class", "token"]
    assert {row["user"] for row in dashboards.query("users")} == {"abi", "mallory"}


def test_nothing_was_raised_and_nothing_was_lost(dashboards: Dashboards) -> None:
    assert dashboards.query("exceptions") == []
    assert dashboards.query("lost-telemetry") == []


def test_the_log_has_the_failed_logins(dashboards: Dashboards) -> None:
    failed = [row["message"] for row in dashboards.query("log") if row["message"].startswith("login failed")]
    assert sorted(failed) == ["login failed for abi", "login failed for mallory"]


def test_the_alert_on_pulls_fires_only_with_enough_of_them(dashboards: Dashboards) -> None:
    states = dashboards.alerts()
    assert states["feature-errors"] == "idle"
    assert states["model-failures"] == "quiet"
    assert states["no-success"] == "quiet"
