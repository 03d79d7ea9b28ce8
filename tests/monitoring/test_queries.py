"""Every query of monitoring/queries, executed on telemetry with a known result."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.telemetry_samples import (
    NOON,
    after,
    challenged,
    event,
    exception,
    fetch,
    invocation,
    line,
    lost_request,
    query,
    records,
    request,
    several,
    stored,
)
from tools.insights.kql import run_query
from tools.insights.queries import MONITORING, queries

TELEMETRY = Path(__file__).parents[2] / "docs" / "telemetry.md"
FAILED: dict[str, Any] = {"status": 500, "outcome": "internal"}
REFUSED: dict[str, Any] = {"status": 422, "outcome": "invalid-instances"}


def steps_of(milliseconds: float, features: float = 0.0) -> dict[str, float]:
    """Return steps with this total, and a part of it for features."""
    feature_step = {"features": features} if features else {}
    return {"auth": 0.5, **feature_step, "model": milliseconds - features - 0.5}


@pytest.mark.parametrize("name", [query.name for query in queries()])
def test_a_query_has_no_rows_without_telemetry(name: str) -> None:
    assert records(stored(), name, user="abi", operation="0af7") == []


@pytest.mark.parametrize("path", sorted(MONITORING.glob("*/*.kql")), ids=lambda path: path.stem)
def test_a_challenger_changes_no_figure_of_the_champion(path: Path) -> None:
    if path.stem in ("user-flow", "request-flow") or path.stem.startswith("challenger"):
        return
    answered = several(20, steps=steps_of(5, features=1), model_version="v1", instances=1, prediction_mean=1.0)
    alone = [*answered, *map(fetch, answered), *map(request, answered), event("started", settings_hash="aaaa")]
    scores = [challenged(each, milliseconds=9_000, reason="KeyError") for each in answered]
    start, text = NOON - timedelta(minutes=1), path.read_text(encoding="utf-8")
    expected, found = (
        run_query(stored(*items), text, start, start + timedelta(hours=1), {}).records()
        for items in (alone, [*alone, *scores, event("challenger_dropped")])
    )
    assert repr(found) == repr(expected)  # NaN is not equal to itself


@pytest.mark.parametrize("path", sorted(MONITORING.glob("*/*.kql")), ids=lambda path: path.stem)
def test_a_query_uses_only_documented_properties(path: Path) -> None:
    named = re.findall(r"customDimensions\.(\w+)|customMeasurements\.(\w+)", path.read_text(encoding="utf-8"))
    documented = set(re.findall(r"`(\w+)`", TELEMETRY.read_text(encoding="utf-8")))
    assert {dimension or measurement for dimension, measurement in named} <= documented


def test_the_latency_of_predictions_excludes_refused_ones_and_logins() -> None:
    items = [invocation(at=after(i), steps=steps_of(i + 1)) for i in range(20)]
    others = [*several(9, steps=steps_of(900), **REFUSED), *several(9, "token", steps=steps_of(900))]
    (row,) = records(stored(*items, *others), "prediction-latency")
    assert [row["p50"], row["p95"], row["p99"]] == pytest.approx([10, 19, 20])


def test_the_latency_of_predictions_includes_failed_ones() -> None:
    (row,) = records(stored(invocation(steps=steps_of(700), **FAILED)), "prediction-latency")
    assert row["p50"] == pytest.approx(700)


def test_charts_can_show_one_function() -> None:
    store = stored(*several(3, steps=steps_of(10)), *several(3, "predict_class", steps=steps_of(50)))
    (row,) = records(store, "prediction-latency", function="predict_class")
    assert row["p50"] == pytest.approx(50)


def test_the_latency_of_feature_calls_is_that_of_their_spans() -> None:
    prediction = invocation(steps=steps_of(100, features=80))
    (row,) = records(stored(prediction, fetch(prediction, milliseconds=70)), "feature-latency")
    assert row["p99"] == pytest.approx(70)


def test_the_latency_of_the_model_is_the_total_without_the_features() -> None:
    with_features, without = invocation(steps=steps_of(100, features=80)), invocation(steps=steps_of(30))
    (row,) = records(stored(with_features, without, fetch(with_features)), "model-latency")
    assert [row["p50"], row["p99"]] == pytest.approx([20, 30])


def test_the_error_rate_of_feature_calls_is_the_share_of_failed_ones() -> None:
    prediction = invocation()
    calls = [fetch(prediction, success=i != 0) for i in range(8)]
    (row,) = records(stored(prediction, *calls), "feature-errors")
    assert row["error_rate"] == pytest.approx(12.5)


def test_the_error_rate_of_the_model_includes_lost_requests() -> None:
    succeeded = [*several(15), *several(2, **REFUSED)]
    failed = several(2, **FAILED)
    requests = [request(invocation) for invocation in (*succeeded, *failed)]
    (row,) = records(stored(*succeeded, *failed, *requests, lost_request()), "model-errors")
    assert row["error_rate"] == pytest.approx(100 * 3 / 20)


def test_a_host_in_opentelemetry_mode_names_lost_requests_otherwise() -> None:
    lost, refused = lost_request(), lost_request()
    for item, code in ((lost, "500"), (refused, "401")):
        item["data"]["baseData"].update(name="POST predict", responseCode=code)
    store = stored(invocation(), lost, refused)
    for function in ("", "predict"):
        (row,) = records(store, "model-errors", function=function)
        assert row["error_rate"] == pytest.approx(50)
    (row,) = records(store, "model-errors", function="predict_class") or [{"error_rate": 0}]
    assert row["error_rate"] == 0


def test_health_checks_are_in_no_chart_of_traffic_latency_or_cold_starts() -> None:
    """Those of the availability test come all day, and often first."""
    checks = [
        invocation("health_ready", user="", cold_start=True, steps=steps_of(5000)),
        *several(30, "health_ready", user="", steps=steps_of(900)),
        *several(30, "health_live", user=""),
    ]
    requests = [request(check) for check in checks]
    for name in ("traffic", "prediction-latency", "model-latency", "cold-starts", "slowest", "model-errors"):
        assert records(stored(*checks, *requests), name) == []
    prediction = invocation(cold_start=True, steps=steps_of(300))
    (row,) = records(stored(*checks, prediction, *several(20, steps=steps_of(5))), "cold-starts")
    assert (row["cold_predictions"], row["cold_p95_ms"]) == (1, 300)
    assert row["warm_p95_ms"] == pytest.approx(5)


def test_a_failure_in_the_items_of_host_and_service_counts_once() -> None:
    failed = invocation(**FAILED)
    host_item = request(failed)
    host_item["data"]["baseData"]["success"] = False
    (row,) = records(stored(failed, host_item, invocation()), "model-errors")
    assert row["error_rate"] == pytest.approx(50)


def test_traffic_is_requests_per_second_by_outcome() -> None:
    store = stored(*several(60, every=1.0), *several(30, every=2.0, **REFUSED))
    rows = records(store, "traffic")
    assert {row["outcome"]: row["per_second"] for row in rows} == pytest.approx({"ok": 1.0, "invalid-instances": 0.5})


def test_logins_are_counted_by_result() -> None:
    members: dict[str, Any] = {"steps": {"decode": 0.1, "auth": 200}, "login": "abi"}
    wrong = several(2, "token", user="", status=401, outcome="invalid-grant", **members)
    throttled = invocation("token", user="", status=429, outcome="too-many-logins", **members)
    busy = invocation("token", user="", status=503, outcome="logins-busy", **members)
    failed = invocation("token", user="", status=503, outcome="users-unavailable", **members)
    rows = records(stored(invocation("token", **members), *wrong, throttled, busy, failed), "logins")
    assert {row["result"]: row["logins"] for row in rows} == {
        "logged in": 1,
        "wrong credentials": 2,
        "throttled": 1,
        "queue full": 1,
        "failed": 1,
    }


def test_the_slowest_requests_come_first_with_their_operation_id() -> None:
    slow = invocation(at=after(3), steps=steps_of(900, features=850))
    rows = records(stored(*several(30), slow), "slowest")
    assert len(rows) == 20
    assert (rows[0]["operation_Id"], rows[0]["total_ms"]) == (slow.operation_id, 900)


def test_failures_are_counted_with_an_example() -> None:
    last = invocation(at=after(99), user="ben", **REFUSED)
    rows = records(stored(*several(3, **REFUSED), last, invocation(user="", **FAILED), invocation()), "failures")
    assert [(row["status"], row["requests"], row["users"]) for row in rows] == [("500", 1, 0), ("422", 4, 2)]
    assert rows[1]["operation_Id"] == last.operation_id


def test_outcomes_exclude_successes() -> None:
    rows = records(stored(*several(5), *several(2, **REFUSED)), "outcomes")
    assert [(row["outcome"], row["requests"]) for row in rows] == [("invalid-instances", 2)]


def test_exceptions_are_counted_by_type_and_place() -> None:
    failed = invocation(**FAILED)
    items = [exception(failed, "KeyError", "'a'"), exception(failed, "KeyError", "'b'")]
    (row,) = records(stored(failed, *items), "exceptions")
    assert (row["problem"], row["times"], row["line"]) == ("KeyError at score", 2, "predict failed")


def test_the_log_has_warnings_and_errors_only() -> None:
    parent = invocation()
    lines = [line(parent, "loaded", level=20), line(parent, "careful"), line(parent, "broken", level=40)]
    rows = records(stored(parent, *lines), "log")
    assert sorted((row["level"], row["message"]) for row in rows) == [("error", "broken"), ("warning", "careful")]


def test_lost_telemetry_is_shown() -> None:
    lost = event("dropped", reason="disk full")
    lost.measurements = {"items": 1200.0}
    (row,) = records(stored(lost), "lost-telemetry")
    assert (row["items"], row["reason"]) == (1200, "disk full")


def test_cold_starts_are_compared_with_the_others() -> None:
    cold = invocation(cold_start=True, steps={"load": 300, "model": 10})
    (row,) = records(stored(cold, *several(20, steps=steps_of(5))), "cold-starts")
    assert (row["cold_predictions"], row["cold_p95_ms"], row["model_load_ms"]) == (1, 310, 300)
    assert row["warm_p95_ms"] == pytest.approx(5)


def test_versions_have_their_first_and_last_time_and_their_requests() -> None:
    old = several(3, model_name="slr", model_version="v1")
    new = several(2, at=after(60), model_name="slr", model_version="v2")
    rows = records(stored(*old, *new), "versions")
    assert [(row["model_version"], row["since"], row["until"], row["requests"]) for row in rows] == [
        ("v2", after(60), after(61), 2),
        ("v1", NOON, after(2), 3),
    ]


def test_starts_have_build_and_settings() -> None:
    (row,) = records(stored(event("started", build="7f3c", settings_hash="5d1f")), "starts")
    assert (row["build"], row["settings"], row["timestamp"]) == ("7f3c", "5d1f", NOON)


def test_what_changed_shows_versions_settings_and_changed_figures() -> None:
    first: dict[str, Any] = {"model_version": "v1", "warnings": 0, "prediction_mean": 100.0}
    before = [event("started", settings_hash="aaaa"), *several(10, steps=steps_of(2), **first)]
    second: dict[str, Any] = {"model_version": "v2", "warnings": 1, "prediction_mean": 300.0, "at": after(300)}
    after_ = [
        event("started", at=after(300), settings_hash="bbbb"),
        *several(3, steps=steps_of(9, features=4), **second),
    ]
    late = several(1, **{**second, **FAILED, "at": after(310)})
    newest, oldest = records(stored(*before, *after_, *late), "what-changed")
    assert (oldest["model"], oldest["settings"], oldest["requests"], oldest["outside_percent"]) == ("v1", "aaaa", 10, 0)
    assert (oldest["mean_prediction"], oldest["features_p95_ms"], oldest["model_p95_ms"]) == (100, None, 1.5)
    assert (newest["model"], newest["settings"], newest["starts"], newest["requests"]) == ("v2", "bbbb", 1, 4)
    assert (newest["outside_percent"], newest["failed_percent"], newest["mean_prediction"]) == (100, 25, 300)
    assert (newest["features_p95_ms"], newest["model_p95_ms"]) == (4, 4.5)


def test_predictions_outside_the_training_range_are_a_share_of_the_successful_ones() -> None:
    store = stored(*several(3, warnings=0), *several(1, warnings=2), *several(5, **REFUSED))
    (row,) = records(store, "outside")
    assert row["outside_percent"] == pytest.approx(25)


def test_a_regressor_s_predictions_are_compared_with_the_quantiles_of_the_start() -> None:
    shares = '{"low":0.5,"high":0.5}'  # of the bands between class edges, which this query ignores
    old = event("started", model_kind="regressor", prediction_quantiles="[0,1,2,3,4,5,6]", prediction_shares=shares)
    new = event(
        "started",
        at=after(10),
        model_kind="regressor",
        prediction_quantiles="[0,10,20,30,40,50,60]",
        prediction_shares=shares,
    )
    means = [-5.0, 5.0, 25.0, 25.0, 60.0, 61.0, 70.0, 80.0]
    store = stored(old, new, *(invocation(prediction_mean=mean) for mean in means))
    rows = query(store, "answers-drift").rows
    assert rows == [
        ["below 0.0", 0.0, 12.5],
        ["0.0 to 10.0", 5.0, 12.5],
        ["10.0 to 20.0", 20.0, 0.0],
        ["20.0 to 30.0", 25.0, 25.0],
        ["30.0 to 40.0", 25.0, 0.0],
        ["40.0 to 50.0", 20.0, 0.0],
        ["50.0 to 60.0", 5.0, 12.5],
        ["above 60.0", 0.0, 37.5],
    ]


def test_a_classifier_s_predictions_are_compared_with_the_shares_of_the_start() -> None:
    start = event("started", model_kind="classifier", prediction_shares='{"low":0.25,"very high":0.75}')
    predictions = [invocation(class_low=3, class_mid=2), invocation(**{"class_very high": 5})]
    rows = query(stored(start, *predictions), "answers-drift").rows
    assert rows == [["low", 25.0, 30.0], ["mid", 0.0, 20.0], ["very high", 75.0, 50.0]]


def test_sampled_inputs_are_compared_with_the_quantiles_of_the_start() -> None:
    start = event(
        "started", **{"quantiles_bmi": "[-0.1,-0.07,-0.03,0,0.03,0.08,0.17]", "quantiles_a b": "[0,1,2,3,4,5,6]"}
    )
    values = [{"value_bmi": 0.01 * i, "value_a b": 7.0, "value_sex": "f"} for i in range(1, 10)]
    rows = query(stored(start, *(invocation(**properties) for properties in values), invocation()), "inputs-drift").rows
    assert [row[:2] for row in rows] == [["a b", 9], ["bmi", 9]]
    assert rows[1][2:] == pytest.approx([-0.07, 0.01, 0.0, 0.05, 0.08, 0.09], abs=0.005)
    assert rows[0][2:] == pytest.approx([1, 7, 3, 7, 5, 7])


def test_functions_and_users_are_those_of_the_items() -> None:
    store = stored(invocation(user="abi"), invocation("token", user=""), invocation(user="ben", at=after(1)))
    assert query(store, "functions").rows == [["predict"], ["token"]]
    assert query(store, "users").rows == [["ben"], ["abi"]]


def test_a_cold_start_without_a_prediction_first_is_a_start_alone() -> None:
    items = [event("started", settings_hash="a"), invocation("home", user="", cold_start=True, steps=steps_of(900))]
    logins = several(9, "token", steps={"auth": 250.0})
    (row,) = records(stored(*items, *logins, *several(20, steps=steps_of(5))), "cold-starts")
    assert (row["starts"], row["cold_predictions"], row["cold_p95_ms"]) == (1, 0, None)
    assert row["warm_p95_ms"] == pytest.approx(5)


def test_the_slowest_are_predictions_with_the_time_of_their_authorization() -> None:
    rows = records(stored(*several(3, "token", steps={"auth": 900.0}), *several(2, steps=steps_of(9))), "slowest")
    assert [(row["function"], row["auth_ms"]) for row in rows] == [("predict", 0.5)] * 2


def test_logins_have_a_latency_of_their_own() -> None:
    items = [*several(20, "token", steps={"auth": 250.0}), *several(20, steps=steps_of(5))]
    (row,) = records(stored(*items), "login-latency")
    assert (row["p50"], row["p95"]) == pytest.approx((250, 250))


def test_reasons_of_refused_inputs_are_counted_by_feature() -> None:
    reasons = '[{"feature":"bmi","reason":"missing","count":3},{"feature":"","reason":"unknown-field","count":1}]'
    one = '[{"feature":"bmi","reason":"missing","count":1}]'
    items = [invocation(bad_fields=4, bad_reasons=reasons, **REFUSED), invocation(bad_reasons=one, **REFUSED)]
    rows = records(stored(*items, invocation()), "bad-inputs")
    assert {row["field"]: row["requests"] for row in rows} == {"bmi: missing": 2, "unknown-field": 1}


def test_a_new_version_stands_beside_the_one_before() -> None:
    old = several(20, steps=steps_of(5), model_version="v1")
    new = several(20, at=after(100), steps=steps_of(50), model_version="v2")
    broken = several(20, at=after(110), steps=steps_of(50), model_version="v2", **FAILED)
    rows = records(stored(*new, *broken, *old), "before-after")
    assert [row["model"] for row in rows] == ["v2", "v1"]
    assert (rows[0]["p50_before_ms"], rows[0]["p50_ms"]) == pytest.approx((5, 50))
    assert (rows[0]["error_before_percent"], rows[0]["error_percent"]) == (0, 50)
    assert rows[1]["p50_before_ms"] is None


def test_a_deployment_is_the_first_start_with_a_build_model_or_settings() -> None:
    starts = [
        event("started", model_version=version, settings_hash=hash_) for version, hash_ in (("1", "a"), ("2", "a"))
    ]
    rows = records(stored(*starts, event("started", model_version="1", settings_hash="a")), "deployments")
    assert sorted((row["model"], row["settings"]) for row in rows) == [("1", "a"), ("2", "a")]


def test_users_are_also_those_whose_logins_failed() -> None:
    failed = invocation("token", at=after(9), user="", login="mallory", status=401, outcome="invalid-grant")
    assert [row["user"] for row in records(stored(invocation(), failed), "users")] == ["mallory", "abi"]
