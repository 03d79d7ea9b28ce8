import json
from datetime import datetime
from typing import Any

import msgspec
import pytest

from shared.telemetry.envelopes import time_span
from tests.telemetry_samples import NOON, after, envelope, event, exception, fetch, invocation, line, lost_request
from tools.insights.envelopes import EnvelopeError, milliseconds, rows
from tools.insights.tables import stored


def taken(item: Any) -> tuple[str, dict[str, Any]]:
    """The table of an item and its one row there, by column."""
    table, (row,) = rows(msgspec.Raw(json.dumps(item).encode()))
    return table, dict(zip(stored(table), row, strict=True))


def changed(item: Any, **members: Any) -> Any:
    return {**item, **members}


def test_an_invocation_becomes_a_row_of_dependencies_with_the_portal_s_columns() -> None:
    told = invocation("predict", at=after(1.5), user="abi", instances=3, steps={"auth": 0.25, "model": 1.5})
    table, row = taken(envelope(told))
    assert table == "dependencies"
    assert row["timestamp"] == datetime(2026, 3, 14, 12, 0, 1, 500_000)  # noqa: DTZ001 - the tables' times are UTC
    assert (row["name"], row["type"], row["resultCode"], row["success"]) == ("predict", "invocation", "200", "True")
    assert (row["operation_Id"], row["operation_ParentId"]) == (told.operation_id, told.parent_id)
    assert (row["id"], row["user_AuthenticatedId"], row["cloud_RoleName"]) == (told.id, "abi", "egl-ml")
    assert row["duration"] == pytest.approx(1.75)
    assert json.loads(row["customDimensions"])["instances"] == "3"
    assert json.loads(row["customMeasurements"]) == {"auth_ms": 0.25, "model_ms": 1.5, "total_ms": 1.75}
    assert row["itemCount"] == 1


def test_a_failed_call_has_the_text_false_as_in_the_portal() -> None:
    _, row = taken(envelope(fetch(invocation(), success=False)))
    assert row["success"] == "False"


def test_a_request_of_the_host_becomes_a_row_of_requests() -> None:
    table, row = taken(lost_request("predict_class"))
    assert table == "requests"
    assert (row["name"], row["resultCode"], row["success"]) == ("predict_class", "500", "False")
    assert row["duration"] == 230_000


def test_a_log_line_becomes_a_row_of_traces() -> None:
    table, row = taken(envelope(line(invocation(), "careful")))
    assert (table, row["message"], row["severityLevel"]) == ("traces", "careful", 2)


def test_an_exception_is_named_by_its_type_and_where_it_was_raised() -> None:
    table, row = taken(envelope(exception(invocation(), "KeyError", "'bmi'")))
    assert table == "exceptions"
    assert (row["problemId"], row["type"], row["outerMessage"]) == ("KeyError at score", "KeyError", "'bmi'")
    assert json.loads(row["details"])[0]["typeName"] == "KeyError"


def test_an_event_becomes_a_row_of_custom_events() -> None:
    table, row = taken(envelope(event("started", build="7f3c")))
    assert (table, row["name"]) == ("customEvents", "started")


def test_every_point_of_a_metric_is_a_row() -> None:
    points = [{"name": "queue", "value": 3.0, "count": 2}, {"name": "lag", "value": 0.5}]
    item = changed(lost_request(), data={"baseType": "MetricData", "baseData": {"metrics": points}})
    table, found = rows(msgspec.Raw(json.dumps(item).encode()))
    assert table == "customMetrics"
    assert [row[-7:-4] for row in found] == [("queue", 3.0, 2), ("lag", 0.5, 1)]


def test_a_sampled_item_stands_for_those_that_were_not_sent() -> None:
    _, row = taken(changed(lost_request(), sampleRate=12.5))
    assert row["itemCount"] == 8


def test_a_time_in_another_zone_is_stored_as_utc() -> None:
    _, row = taken(changed(lost_request(), time="2026-03-14T14:00:00+02:00"))
    assert row["timestamp"] == NOON.replace(tzinfo=None)


@pytest.mark.parametrize("took", [0.0, 0.001, 59_999.999, 60_000.0, 90_061_001.25])
def test_a_duration_comes_back_as_it_was_sent(took: float) -> None:
    assert milliseconds(time_span(took)) == pytest.approx(took, abs=0.0006)


@pytest.mark.parametrize("text", ["", "1", "00:00", "0.0:0:0", "1e3", "-00:00:01", "9" * 30 + ".00:00:00"])
def test_a_duration_that_is_no_time_span_is_refused(text: str) -> None:
    with pytest.raises(EnvelopeError, match="is not a time span"):
        milliseconds(text)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"iKey": ""}, "iKey is missing"),
        ({"time": "yesterday"}, "time"),
        ({"sampleRate": 0}, "sampleRate"),
        ({"data": {"baseType": "PageViewData", "baseData": {}}}, "baseType 'PageViewData' is not known"),
        ({"data": {"baseType": "EventData", "baseData": {"name": "x", "properties": {"n": 1}}}}, "properties"),
        ({"data": {"baseType": "MessageData", "baseData": {"message": "x", "severityLevel": 9}}}, "severityLevel"),
        ({"data": {"baseType": "ExceptionData", "baseData": {"exceptions": []}}}, "exceptions is empty"),
        ({"data": {"baseType": "RequestData", "baseData": {"duration": "00:00:01"}}}, "id"),
    ],
)
def test_an_item_that_cannot_be_read_is_refused_with_a_reason(members: dict[str, Any], said: str) -> None:
    with pytest.raises(EnvelopeError, match=said):
        taken(changed(lost_request(), **members))
