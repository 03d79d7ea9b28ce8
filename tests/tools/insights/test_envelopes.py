import json
from datetime import datetime
from typing import Any

import msgspec
import pytest

from shared.telemetry.envelopes import time_span
from tests.telemetry_samples import NOON, after, envelope, event, exception, fetch, invocation, line, lost_request
from tools.insights.envelopes import EnvelopeError, milliseconds, rows
from tools.insights.tables import stored


def parse(item: Any) -> tuple[str, dict[str, Any]]:
    """Return the table of an item and its one row there, by column."""
    table, (row,) = rows(msgspec.Raw(json.dumps(item).encode()))
    return table, dict(zip(stored(table), row, strict=True))


def with_members(item: Any, **members: Any) -> Any:
    return {**item, **members}


def test_an_invocation_becomes_a_row_of_dependencies_with_the_portal_s_columns() -> None:
    item = invocation("predict", at=after(1.5), user="abi", instances=3, steps={"auth": 0.25, "model": 1.5})
    table, row = parse(envelope(item))
    assert table == "dependencies"
    assert row["timestamp"] == datetime(2026, 3, 14, 12, 0, 1, 500_000)  # noqa: DTZ001 - times in the tables are UTC
    assert (row["name"], row["type"], row["resultCode"], row["success"]) == ("predict", "invocation", "200", "True")
    assert (row["operation_Id"], row["operation_ParentId"]) == (item.operation_id, item.parent_id)
    assert (row["id"], row["user_AuthenticatedId"], row["cloud_RoleName"]) == (item.id, "abi", "egl-ml")
    assert row["duration"] == pytest.approx(1.75)
    assert json.loads(row["customDimensions"])["instances"] == "3"
    assert json.loads(row["customMeasurements"]) == {"auth_ms": 0.25, "model_ms": 1.5, "total_ms": 1.75}
    assert row["itemCount"] == 1


def test_a_failed_call_has_the_text_false_as_in_the_portal() -> None:
    _, row = parse(envelope(fetch(invocation(), success=False)))
    assert row["success"] == "False"


def test_a_request_of_the_host_becomes_a_row_of_requests() -> None:
    table, row = parse(lost_request("predict_class"))
    assert table == "requests"
    assert (row["name"], row["resultCode"], row["success"]) == ("predict_class", "500", "False")
    assert row["duration"] == 230_000


def test_a_log_line_becomes_a_row_of_traces() -> None:
    table, row = parse(envelope(line(invocation(), "careful")))
    assert (table, row["message"], row["severityLevel"]) == ("traces", "careful", 2)


def test_an_exception_is_named_by_its_type_and_its_place() -> None:
    table, row = parse(envelope(exception(invocation(), "KeyError", "'bmi'")))
    assert table == "exceptions"
    assert (row["problemId"], row["type"], row["outerMessage"]) == ("KeyError at score", "KeyError", "'bmi'")
    assert json.loads(row["details"])[0]["typeName"] == "KeyError"


def test_an_event_becomes_a_row_of_custom_events() -> None:
    table, row = parse(envelope(event("started", build="7f3c")))
    assert (table, row["name"]) == ("customEvents", "started")


def test_every_point_of_a_metric_is_a_row() -> None:
    points = [{"name": "queue", "value": 3.0, "count": 2}, {"name": "lag", "value": 0.5}]
    item = with_members(lost_request(), data={"baseType": "MetricData", "baseData": {"metrics": points}})
    table, points_rows = rows(msgspec.Raw(json.dumps(item).encode()))
    assert table == "customMetrics"
    assert [row[-7:-4] for row in points_rows] == [("queue", 3.0, 2), ("lag", 0.5, 1)]


def test_a_sampled_item_counts_for_the_items_that_were_not_sent() -> None:
    _, row = parse(with_members(lost_request(), sampleRate=12.5))
    assert row["itemCount"] == 8


def test_a_time_in_another_zone_is_stored_as_utc() -> None:
    _, row = parse(with_members(lost_request(), time="2026-03-14T14:00:00+02:00"))
    assert row["timestamp"] == NOON.replace(tzinfo=None)


@pytest.mark.parametrize("duration", [0.0, 0.001, 59_999.999, 60_000.0, 90_061_001.25])
def test_a_duration_is_read_as_it_was_sent(duration: float) -> None:
    assert milliseconds(time_span(duration)) == pytest.approx(duration, abs=0.0006)


@pytest.mark.parametrize("text", ["", "1", "00:00", "0.0:0:0", "1e3", "-00:00:01", "9" * 30 + ".00:00:00"])
def test_a_duration_that_is_not_a_time_span_is_refused(text: str) -> None:
    with pytest.raises(EnvelopeError, match="is not a time span"):
        milliseconds(text)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"iKey": ""}, "iKey is missing"),
        ({"time": "yesterday"}, "time"),
        ({"sampleRate": 0}, "sampleRate"),
        ({"data": {"baseType": "PageViewData", "baseData": {}}}, "baseType 'PageViewData' is unknown"),
        ({"data": {"baseType": "EventData", "baseData": {"name": "x", "properties": {"n": 1}}}}, "properties"),
        ({"data": {"baseType": "MessageData", "baseData": {"message": "x", "severityLevel": 9}}}, "severityLevel"),
        ({"data": {"baseType": "ExceptionData", "baseData": {"exceptions": []}}}, "exceptions is empty"),
        ({"data": {"baseType": "RequestData", "baseData": {"duration": "00:00:01"}}}, "id"),
    ],
)
def test_an_invalid_item_is_refused_with_a_reason(members: dict[str, Any], message: str) -> None:
    with pytest.raises(EnvelopeError, match=message):
        parse(with_members(lost_request(), **members))
