"""Every query of monitoring/queries, executed on telemetry whose answer is known."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.telemetry_samples import (
    NOON,
    after,
    answer,
    asked,
    event,
    exception,
    fetch,
    invocation,
    line,
    lost_request,
    request,
    several,
    stored,
)
from tools.insights.questions import MONITORING, questions

TOLD = Path(__file__).parents[2] / "docs" / "telemetry.md"
FAILED: dict[str, Any] = {"status": 500, "outcome": "internal"}
REFUSED: dict[str, Any] = {"status": 422, "outcome": "invalid-instances"}


def took(milliseconds: float, features: float = 0.0) -> dict[str, float]:
    """Steps that last so long in all, so much of it for features."""
    pulled = {"features": features} if features else {}
    return {"auth": 0.5, **pulled, "model": milliseconds - features - 0.5}


@pytest.mark.parametrize("name", [each.name for each in questions()])
def test_a_query_answers_nothing_when_nothing_happened(name: str) -> None:
    assert answer(stored(), name, user="abi", operation="0af7") == []


@pytest.mark.parametrize("path", sorted(MONITORING.glob("*/*.kql")), ids=lambda path: path.stem)
def test_a_query_names_only_what_the_service_tells(path: Path) -> None:
    named = re.findall(r"customDimensions\.(\w+)|customMeasurements\.(\w+)", path.read_text(encoding="utf-8"))
    told = set(re.findall(r"`(\w+)`", TOLD.read_text(encoding="utf-8")))
    assert {one or other for one, other in named} <= told


def test_the_latency_of_predictions_leaves_refused_ones_and_logins_out() -> None:
    items = [invocation(at=after(nth), steps=took(nth + 1)) for nth in range(20)]
    others = [*several(9, steps=took(900), **REFUSED), *several(9, "token", steps=took(900))]
    (row,) = answer(stored(*items, *others), "prediction-latency")
    assert [row["p50"], row["p95"], row["p99"]] == pytest.approx([10, 19, 20])


def test_the_latency_of_predictions_counts_failed_ones() -> None:
    (row,) = answer(stored(invocation(steps=took(700), **FAILED)), "prediction-latency")
    assert row["p50"] == pytest.approx(700)


def test_charts_can_be_of_one_function() -> None:
    store = stored(*several(3, steps=took(10)), *several(3, "predict_class", steps=took(50)))
    (row,) = answer(store, "prediction-latency", function="predict_class")
    assert row["p50"] == pytest.approx(50)


def test_the_latency_of_feature_calls_is_the_pulls_own() -> None:
    of = invocation(steps=took(100, features=80))
    (row,) = answer(stored(of, fetch(of, milliseconds=70)), "feature-latency")
    assert row["p99"] == pytest.approx(70)


def test_the_latency_of_the_model_is_the_total_without_the_features() -> None:
    pulled, unpulled = invocation(steps=took(100, features=80)), invocation(steps=took(30))
    (row,) = answer(stored(pulled, unpulled, fetch(pulled)), "model-latency")
    assert [row["p50"], row["p99"]] == pytest.approx([20, 30])


def test_the_error_rate_of_feature_pulls_is_failed_of_all() -> None:
    of = invocation()
    pulls = [fetch(of, success=nth != 0) for nth in range(8)]
    (row,) = answer(stored(of, *pulls), "feature-errors")
    assert row["error_rate"] == pytest.approx(12.5)


def test_the_error_rate_of_the_model_counts_failures_and_requests_that_got_lost() -> None:
    fine = [*several(15), *several(2, **REFUSED)]
    failed = several(2, **FAILED)
    requests = [request(each) for each in (*fine, *failed)]
    (row,) = answer(stored(*fine, *failed, *requests, lost_request()), "model-errors")
    assert row["error_rate"] == pytest.approx(100 * 3 / 20)


def test_a_failure_that_host_and_service_both_tell_counts_once() -> None:
    failed = invocation(**FAILED)
    told = request(failed)
    told["data"]["baseData"]["success"] = False
    (row,) = answer(stored(failed, told, invocation()), "model-errors")
    assert row["error_rate"] == pytest.approx(50)


def test_traffic_is_requests_per_second_by_outcome() -> None:
    store = stored(*several(60, every=1.0), *several(30, every=2.0, **REFUSED))
    rows = answer(store, "traffic")
    assert {row["outcome"]: row["per_second"] for row in rows} == pytest.approx({"ok": 1.0, "invalid-instances": 0.5})


def test_logins_are_told_apart() -> None:
    said = {"steps": {"decode": 0.1, "auth": 200}, "login": "abi"}
    wrong = several(2, "token", user="", status=401, outcome="invalid-grant", **said)
    throttled = invocation("token", user="", status=429, outcome="too-many-logins", **said)
    rows = answer(stored(invocation("token", **said), *wrong, throttled), "logins")
    assert {row["result"]: row["logins"] for row in rows} == {"logged in": 1, "wrong credentials": 2, "throttled": 1}


def test_the_slowest_requests_come_first_with_the_way_to_their_steps() -> None:
    slow = invocation(at=after(3), steps=took(900, features=850))
    rows = answer(stored(*several(30), slow), "slowest")
    assert len(rows) == 20
    assert (rows[0]["operation_Id"], rows[0]["total_ms"]) == (slow.operation_id, 900)


def test_what_was_not_ok_is_counted_with_an_example() -> None:
    last = invocation(at=after(99), user="ben", **REFUSED)
    rows = answer(stored(*several(3, **REFUSED), last, invocation(user="", **FAILED), invocation()), "failures")
    assert [(row["status"], row["requests"], row["users"]) for row in rows] == [("500", 1, 0), ("422", 4, 2)]
    assert rows[1]["operation_Id"] == last.operation_id


def test_problems_over_time_leave_successes_out() -> None:
    rows = answer(stored(*several(5), *several(2, **REFUSED)), "outcomes")
    assert [(row["outcome"], row["requests"]) for row in rows] == [("invalid-instances", 2)]


def test_exceptions_are_counted_by_what_they_are() -> None:
    of = invocation(**FAILED)
    (row,) = answer(stored(of, exception(of, "KeyError", "'a'"), exception(of, "KeyError", "'b'")), "exceptions")
    assert (row["problem"], row["times"], row["said"]) == ("KeyError at score", 2, "predict failed")


def test_log_lines_begin_at_warnings() -> None:
    of = invocation()
    rows = answer(stored(of, line(of, "loaded", level=20), line(of, "careful"), line(of, "broken", level=40)), "log")
    assert sorted((row["level"], row["message"]) for row in rows) == [("error", "broken"), ("warning", "careful")]


def test_lost_telemetry_is_told() -> None:
    lost = event("dropped", reason="disk full")
    lost.measurements = {"items": 1200.0}
    (row,) = answer(stored(lost), "lost-telemetry")
    assert (row["items"], row["reason"]) == (1200, "disk full")


def test_cold_starts_are_set_against_the_others() -> None:
    cold = invocation(cold_start=True, steps={"load": 300, "model": 10})
    (row,) = answer(stored(cold, *several(20, steps=took(5))), "cold-starts")
    assert (row["cold_starts"], row["cold_p95_ms"], row["model_load_ms"]) == (1, 310, 300)
    assert row["warm_p95_ms"] == pytest.approx(5)


def test_versions_say_since_when_until_when_and_how_often() -> None:
    old = several(3, model_name="slr", model_version="v1")
    new = several(2, at=after(60), model_name="slr", model_version="v2")
    rows = answer(stored(*old, *new), "versions")
    assert [(row["model_version"], row["since"], row["until"], row["requests"]) for row in rows] == [
        ("v2", after(60), after(61), 2),
        ("v1", NOON, after(2), 3),
    ]


def test_starts_say_with_what() -> None:
    (row,) = answer(stored(event("started", build="7f3c", settings_hash="5d1f")), "starts")
    assert (row["build"], row["settings"], row["timestamp"]) == ("7f3c", "5d1f", NOON)


def test_what_changed_shows_versions_settings_and_what_moved_with_them() -> None:
    said = {"model_version": "v1", "warnings": 0, "prediction_mean": 100.0}
    before = [event("started", settings_hash="aaaa"), *several(10, steps=took(2), **said)]
    moved = {"model_version": "v2", "warnings": 1, "prediction_mean": 300.0, "at": after(300)}
    after_ = [event("started", at=after(300), settings_hash="bbbb"), *several(3, steps=took(9, features=4), **moved)]
    late = several(1, **{**moved, **FAILED, "at": after(310)})
    newest, oldest = answer(stored(*before, *after_, *late), "what-changed")
    assert (oldest["model"], oldest["settings"], oldest["requests"], oldest["outside_percent"]) == ("v1", "aaaa", 10, 0)
    assert (oldest["mean_answer"], oldest["features_p95_ms"], oldest["model_p95_ms"]) == (100, None, 1.5)
    assert (newest["model"], newest["settings"], newest["starts"], newest["requests"]) == ("v2", "bbbb", 1, 4)
    assert (newest["outside_percent"], newest["failed_percent"], newest["mean_answer"]) == (100, 25, 300)
    assert (newest["features_p95_ms"], newest["model_p95_ms"]) == (4, 4.5)


def test_predictions_outside_the_training_range_are_a_share_of_the_answered_ones() -> None:
    store = stored(*several(3, warnings=0), *several(1, warnings=2), *several(5, **REFUSED))
    (row,) = answer(store, "outside")
    assert row["outside_percent"] == pytest.approx(25)


def test_a_regressor_s_answers_are_compared_with_the_quantiles_that_were_told() -> None:
    shares = '{"low":0.5,"high":0.5}'  # of the bands between class edges, which are not what is compared
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
    rows = asked(store, "answers-drift").rows
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


def test_a_classifier_s_answers_are_compared_with_the_shares_that_were_told() -> None:
    told = event("started", model_kind="classifier", prediction_shares='{"low":0.25,"very high":0.75}')
    answers = [invocation(class_low=3, class_mid=2), invocation(**{"class_very high": 5})]
    rows = asked(stored(told, *answers), "answers-drift").rows
    assert rows == [["low", 25.0, 30.0], ["mid", 0.0, 20.0], ["very high", 75.0, 50.0]]


def test_sampled_inputs_are_compared_with_the_quantiles_that_were_told() -> None:
    told = event(
        "started", **{"quantiles_bmi": "[-0.1,-0.07,-0.03,0,0.03,0.08,0.17]", "quantiles_a b": "[0,1,2,3,4,5,6]"}
    )
    values = [{"value_bmi": 0.01 * nth, "value_a b": 7.0, "value_sex": "f"} for nth in range(1, 10)]
    rows = asked(stored(told, *(invocation(**each) for each in values), invocation()), "inputs-drift").rows
    assert [row[:2] for row in rows] == [["a b", 9], ["bmi", 9]]
    assert rows[1][2:] == pytest.approx([-0.07, 0.01, 0.0, 0.05, 0.08, 0.09], abs=0.005)
    assert rows[0][2:] == pytest.approx([1, 7, 3, 7, 5, 7])


def test_functions_and_users_are_those_that_occur() -> None:
    store = stored(invocation(user="abi"), invocation("token", user=""), invocation(user="ben", at=after(1)))
    assert asked(store, "functions").rows == [["predict"], ["token"]]
    assert asked(store, "users").rows == [["ben"], ["abi"]]
