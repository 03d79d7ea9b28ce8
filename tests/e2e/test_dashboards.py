"""The dashboards' queries against the truth: real traffic with known faults, told by the real exporter to the local
Application Insights, and every number compared with what the test's own client saw."""

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
TELLING_SECONDS = 15.0
WIDE = timedelta(days=2)  # around the traffic: all of it is one point of a chart
GRAIN_SECONDS = 6 * 3600
HOP_MS = 60.0  # between the client's clock and the service's: sockets, the host, and other tests beside this one


@dataclass
class Dashboards:
    """The local Application Insights, and the account of what was sent."""

    url: str
    client: Client
    began: datetime
    pulls: Counter[str]

    def ask(self, name: str, **chosen: str) -> Sequence[Mapping[str, Any]]:
        """The answer to a question about all of the traffic."""
        times = {"since": (self.began - WIDE).isoformat(), "until": (self.began + WIDE).isoformat()}
        answer = httpx.get(f"{self.url}/api/questions/{name}", params={**times, **chosen}).raise_for_status().json()
        return [dict(zip([column for column, _ in answer["columns"]], row, strict=True)) for row in answer["rows"]]

    def alerts(self) -> Mapping[str, str]:
        """Alert → state."""
        told = httpx.get(f"{self.url}/api/alerts").raise_for_status().json()
        return {each["name"]: each["state"] for each in told}


@pytest.fixture(scope="module")
def seen(works: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboards]:
    """The dashboards after traffic whose every request is known."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with running_insights(port) as connection, feast_server(ROWS) as store:
        told = {
            **works,
            "APPLICATIONINSIGHTS_CONNECTION_STRING": connection,
            "FEATURES_SOURCE": "feast",
            "FEATURES_URL": f"{store.url}?view=patients&entity=patient",
            "FEATURES_TIMEOUT_MS": "400",
            "TMPDIR": str(tmp_path_factory.mktemp("kept")),
        }
        began = datetime.now(UTC) - timedelta(seconds=1)
        with serving(told) as service, httpx.Client(base_url=service.url, timeout=20) as http:
            client = Client(http)
            pulls = traffic(client, store)
        yield all_told(Dashboards(f"http://127.0.0.1:{port}", client, began, pulls))


def all_told(dashboards: Dashboards) -> Dashboards:
    """Wait until as many invocations arrived as requests were sent."""
    end = time.monotonic() + TELLING_SECONDS
    while time.monotonic() < end:
        if sum(counted(dashboards).values()) >= len(dashboards.client.calls):
            return dashboards
        time.sleep(0.2)
    raise AssertionError(f"not all was told: {counted(dashboards)}")


def counted(dashboards: Dashboards) -> Mapping[str, int]:
    """Outcome → requests."""
    return {row["outcome"]: round(row["per_second"] * GRAIN_SECONDS) for row in dashboards.ask("traffic")}


def test_requests_by_outcome_are_those_that_were_answered(seen: Dashboards) -> None:
    assert counted(seen) == Counter(each.outcome for each in seen.client.calls)


def test_logins_are_those_that_were_tried(seen: Dashboards) -> None:
    assert {row["result"]: row["logins"] for row in seen.ask("logins")} == {"logged in": 1, "wrong credentials": 2}


def test_failures_are_counted_by_function_and_problem(seen: Dashboards) -> None:
    expected = Counter((each.path, str(each.status), each.outcome) for each in seen.client.calls if each.status != 200)
    rows = seen.ask("failures")
    assert {(row["function"], row["status"], row["outcome"]): row["requests"] for row in rows} == expected
    examples = {each.request_id for each in seen.client.calls}
    assert all(row["operation_Id"] in examples for row in rows)


def test_problems_over_time_add_up(seen: Dashboards) -> None:
    expected = Counter(each.outcome for each in seen.client.calls if each.status != 200)
    assert {row["outcome"]: row["requests"] for row in seen.ask("outcomes")} == expected


def test_the_share_of_failed_predictions_is_the_client_s(seen: Dashboards) -> None:
    calls = seen.client.calls_to(*PREDICTIONS)
    failed = sum(each.status >= 500 for each in calls)
    assert failed == 3
    (row,) = seen.ask("model-errors")
    assert row["error_rate"] == pytest.approx(100 * failed / len(calls))


def test_the_share_of_failed_pulls_is_the_store_s(seen: Dashboards) -> None:
    (row,) = seen.ask("feature-errors")
    assert row["error_rate"] == pytest.approx(100 * seen.pulls["failed"] / seen.pulls.total())


def test_the_latency_of_predictions_is_below_the_client_s_and_near_it(seen: Dashboards) -> None:
    mine = sorted(each.took_ms for each in seen.client.calls_to(*PREDICTIONS, accepted=True))
    (row,) = seen.ask("prediction-latency")
    assert mine[len(mine) // 2] - HOP_MS < row["p50"] < mine[len(mine) // 2]
    assert mine[-1] - HOP_MS < row["p99"] < mine[-1]


def test_the_latency_of_pulls_shows_the_slow_ones(seen: Dashboards) -> None:
    (row,) = seen.ask("feature-latency")
    slowest = max(each.timing.get("features", 0.0) for each in seen.client.calls)
    assert slowest >= SLOW_SECONDS * 1000
    assert row["p99"] >= SLOW_SECONDS * 1000


def test_the_latency_of_the_model_leaves_the_pulls_out(seen: Dashboards) -> None:
    slow = [each for each in seen.client.calls if each.timing.get("features", 0.0) >= SLOW_SECONDS * 1000]
    assert len(slow) == 4
    for each in slow:
        steps = {row["what"]: row["took_ms"] for row in story(seen, each.request_id) if row["part"] == "step"}
        total_ms = next(row["took_ms"] for row in story(seen, each.request_id) if row["part"] == "request")
        assert total_ms - steps["features"] < SLOW_SECONDS * 1000
        assert steps == pytest.approx(each.timing, abs=0.002)


def test_the_whole_is_features_and_model_and_the_other_steps(seen: Dashboards) -> None:
    pulled = [each for each in seen.client.calls if each.timing.get("features") and each.status == 200]
    assert pulled
    for each in pulled:
        told = story(seen, each.request_id)
        total_ms = next(row["took_ms"] for row in told if row["part"] == "request")
        steps_ms = sum(row["took_ms"] for row in told if row["part"] == "step")
        assert steps_ms <= total_ms
        assert total_ms - steps_ms < max(5.0, 0.1 * total_ms)  # the frame between the steps


def story(seen: Dashboards, request_id: str) -> Sequence[Mapping[str, Any]]:
    """A request's part of its user's story."""
    return [row for row in seen.ask("user-flow", user="abi") if row["operation_Id"] == request_id]


def test_the_slowest_request_is_one_of_the_client_s_slowest(seen: Dashboards) -> None:
    slowest = {each.request_id for each in sorted(seen.client.calls, key=lambda each: -each.took_ms)[:5]}
    assert seen.ask("slowest")[0]["operation_Id"] in slowest


def test_a_user_s_story_has_all_their_requests_in_the_order_in_which_they_were_sent(seen: Dashboards) -> None:
    told = [row["operation_Id"] for row in seen.ask("user-flow", user="abi") if row["part"] == "request"]
    assert told == [each.request_id for each in seen.client.calls if each.user == "abi"]


def test_a_story_s_pull_lies_between_its_steps(seen: Dashboards) -> None:
    (call,) = [each for each in seen.client.calls if each.timing.get("features")][-1:]
    parts = [(row["part"], row["what"].partition(" ")[0]) for row in story(seen, call.request_id)]
    pull = parts.index(("call", "features.fetch"))
    assert parts.index(("step", "features")) < pull < parts.index(("step", "model"))


def test_a_request_s_steps_are_found_by_its_id_and_match_server_timing(seen: Dashboards) -> None:
    call = seen.client.calls_to("predict_class")[-1]
    items = seen.ask("request-flow", operation=call.request_id)
    assert [row["part"] for row in items] == ["request", "invocation"]
    assert items[0]["took_ms"] <= call.took_ms
    assert items[1]["took_ms"] <= items[0]["took_ms"]
    assert items[1]["parent"] == items[0]["id"]


def test_a_failed_pull_is_part_of_its_request(seen: Dashboards) -> None:
    call = next(each for each in seen.client.calls if each.status >= 500)
    parts = {row["part"]: row["failed"] for row in seen.ask("request-flow", operation=call.request_id)}
    assert (parts["call"], parts["invocation"]) == (True, True)


def test_what_changed_adds_up_to_what_was_answered(seen: Dashboards) -> None:
    rows = seen.ask("what-changed")  # one row, or two when the traffic met the turn of five minutes
    calls = seen.client.calls_to(*PREDICTIONS, accepted=True)
    assert sum(row["requests"] for row in rows) == len(calls)
    assert sum(row["failed_percent"] * row["requests"] for row in rows) == pytest.approx(100 * 3)
    assert sum(row["outside_percent"] * row["requests"] for row in rows) == pytest.approx(100 * 6)
    means = [sum(each.predictions) / len(each.predictions) for each in calls if each.predictions]
    assert min(means) < min(row["mean_answer"] for row in rows) <= max(row["mean_answer"] for row in rows) < max(means)


def test_the_share_outside_the_training_range_is_the_client_s(seen: Dashboards) -> None:
    answered = [each for each in seen.client.calls_to(*PREDICTIONS) if each.status == 200]
    assert len(answered) == 57
    (row,) = seen.ask("outside")
    assert row["outside_percent"] == pytest.approx(100 * 6 / 57)


def test_the_version_that_answered_is_told(seen: Dashboards, adopted: Any) -> None:
    _, manifest = adopted
    (row,) = seen.ask("versions")
    assert (row["model"], row["model_version"]) == (manifest.name, manifest.version)


def test_a_process_says_with_what_it_started(seen: Dashboards, adopted: Any) -> None:
    _, manifest = adopted
    (row,) = seen.ask("starts")
    assert (row["model"], row["model_version"], row["build"]) == (manifest.name, manifest.version, "local")
    assert re.fullmatch(r"[0-9a-f]{12}", row["settings"])


def test_answers_are_compared_with_the_manifest_s_quantiles(seen: Dashboards, adopted: Any) -> None:
    _, manifest = adopted
    answered = [each.predictions for each in seen.client.calls_to(*PREDICTIONS) if each.predictions]
    means = [sum(each) / len(each) for each in answered]
    highest = manifest.statistics.prediction_quantiles[-1]
    bands = {row["band"]: row["now_percent"] for row in seen.ask("answers-drift")}
    assert len(bands) == 8
    assert sum(bands.values()) == pytest.approx(100)
    assert bands[f"above {highest:.1f}"] == pytest.approx(100 * sum(mean > highest for mean in means) / len(means))


def test_one_process_started_and_met_one_request_cold(seen: Dashboards) -> None:
    (row,) = seen.ask("cold-starts")
    assert row["cold_starts"] == 1


def test_functions_and_users_are_those_that_took_part(seen: Dashboards) -> None:
    assert [row["function"] for row in seen.ask("functions")] == ["predict", "predict_class", "token"]
    assert [row["user"] for row in seen.ask("users")] == ["abi"]


def test_nothing_was_thrown_and_nothing_got_lost(seen: Dashboards) -> None:
    assert seen.ask("exceptions") == []
    assert seen.ask("lost-telemetry") == []


def test_log_lines_tell_the_failed_logins(seen: Dashboards) -> None:
    failed = [row["message"] for row in seen.ask("log") if row["message"].startswith("login failed")]
    assert sorted(failed) == ["login failed for abi", "login failed for mallory"]


def test_the_alert_on_pulls_fires_only_with_enough_of_them(seen: Dashboards) -> None:
    states = seen.alerts()
    assert states["feature-errors"] == "idle"
    assert states["model-failures"] == "quiet"
    assert states["no-success"] == "quiet"
