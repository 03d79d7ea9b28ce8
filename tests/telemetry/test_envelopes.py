"""Envelopes: the service sends what docs/telemetry.md describes."""

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from shared.settings import Settings
from shared.telemetry import envelopes
from shared.telemetry.envelopes import Envelope, Template, text, texts, time_span
from shared.telemetry.events import Event, Frame, Invocation, Line, Span, Thrown
from tests.ingestion import KEY

DOCUMENT = (Path(__file__).parents[2] / "docs" / "telemetry.md").read_text(encoding="utf-8")
NOON = 1_795_435_500.120141


@pytest.fixture
def template() -> Template:
    environ = {"APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={KEY}", "WEBSITE_SITE_NAME": "egl"}
    return Template(Settings.read({**environ, "WEBSITE_INSTANCE_ID": "one", "BUILD_ID": "b42"}), "py:oc:ext")


def invocation(**members: Any) -> Invocation:
    steps = {"auth": 0.021, "decode": 0.018, "model": 0.061, "encode": 0.004}
    properties = {"user": "abi", "model_name": "slr", "model_version": "3f2a", "instances": 1, "warnings": 0}
    summary = {"prediction_min": 210.8, "prediction_mean": 210.8, "prediction_max": 210.8}
    values = {"status": 200, "outcome": "ok", "total_ms": 0.913, "steps": steps, "started": NOON, **members}
    return Invocation("predict", "4bf9", "00f0", "i-1", **{"properties": {**properties, **summary}, **values})


def data(envelope: Envelope) -> dict[str, Any]:
    base_data: dict[str, Any] = envelope["data"]["baseData"]
    return base_data


def documented(heading: str) -> Envelope:
    """Return the sample below a heading of the document."""
    section = DOCUMENT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    sample: Envelope = json.loads(re.findall(r"```json\n(.*?)```", section, re.DOTALL)[0])
    return sample


def shape(value: Any) -> Any:
    """Return names and types, at every depth."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


def test_the_samples_in_the_document_have_the_shape_of_what_is_sent(template: Template) -> None:
    event = invocation()
    failed = invocation()
    pull = {"entities": 1, "cache_hits": 0, "missing": 0, "attempts": 1, "outcome": "ok"}
    thrown = (Thrown("ZeroDivisionError", "division by zero", (Frame("score", "model.py", 71),)),)
    sent = {
        "invocation": envelopes.invocation(template, event),
        "span": envelopes.span(template, Span("features.fetch", "HTTP", "store", event, properties=pull)),
        "line": envelopes.line(template, Line("auth", "login failed", 30, NOON, invocation(properties={}))),
        "exception": envelopes.line(template, Line("endpoint", "predict failed", 40, NOON, failed, thrown)),
    }
    for heading, envelope in sent.items():
        assert shape(envelope) == shape({"ver": 1, **documented(heading)}), heading


def test_the_event_in_the_document_has_the_shape_of_what_is_sent(template: Template) -> None:
    sample = documented("event")
    properties = {**sample["data"]["baseData"]["properties"]}
    del properties["sequence"]
    envelope = envelopes.event(template, Event("started", properties))
    assert shape(envelope) == shape({"ver": 1, **sample})


def test_a_wide_event_has_the_tags_of_the_process(template: Template) -> None:
    envelope = envelopes.invocation(template, invocation())
    assert envelope["iKey"] == KEY
    assert envelope["time"] == "2026-11-23T12:05:00.120141Z"
    assert envelope["tags"] == {
        "ai.cloud.role": "egl",
        "ai.cloud.roleInstance": "one",
        "ai.application.ver": "b42",
        "ai.internal.sdkVersion": "py:oc:ext",
        "ai.operation.id": "4bf9",
        "ai.operation.name": "predict",
        "ai.operation.parentId": "00f0",
        "ai.user.authUserId": "abi",
    }


def test_on_a_laptop_the_role_is_the_service_and_the_instance_the_machine() -> None:
    settings = Settings.read({"APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={KEY}"})
    tags = Template(settings, "").tags
    assert tags["ai.cloud.role"] == "egl-ml"
    assert tags["ai.cloud.roleInstance"]


def test_a_wide_event_has_steps_as_measurements_and_the_rest_as_texts(template: Template) -> None:
    sent = data(envelopes.invocation(template, invocation(cold_start=True)))
    assert sent["measurements"] == {
        "auth_ms": 0.021,
        "decode_ms": 0.018,
        "model_ms": 0.061,
        "encode_ms": 0.004,
        "total_ms": 0.913,
    }
    assert sent["properties"]["cold_start"] == "True"
    assert sent["properties"]["prediction_mean"] == "210.8"
    assert (sent["type"], sent["resultCode"], sent["duration"]) == ("invocation", "200", "00:00:00.000913")


def test_the_user_is_in_its_column_and_not_among_the_properties(template: Template) -> None:
    envelope = envelopes.invocation(template, invocation())
    assert "user" not in data(envelope)["properties"]
    anonymous = envelopes.invocation(template, invocation(properties={}))
    assert "ai.user.authUserId" not in anonymous["tags"]


@pytest.mark.parametrize(("status", "success"), [(200, True), (422, True), (500, False), (503, False), (0, False)])
def test_only_a_5xx_or_no_response_is_a_failure(template: Template, status: int, success: bool) -> None:
    assert data(envelopes.invocation(template, invocation(status=status)))["success"] is success


def test_an_invocation_that_was_cut_off_is_unanswered(template: Template) -> None:
    sent = data(envelopes.invocation(template, invocation(status=0, outcome="")))
    assert sent["properties"]["outcome"] == "unanswered"


def test_without_a_trace_an_invocation_has_no_parent(template: Template) -> None:
    event = invocation()
    event.parent_id = ""
    assert "ai.operation.parentId" not in envelopes.invocation(template, event)["tags"]


def test_a_span_and_a_line_are_children_of_the_invocation(template: Template) -> None:
    event = invocation()
    items = [
        envelopes.span(template, Span("features.fetch", "HTTP", "store", event)),
        envelopes.line(template, Line("x", "odd", logging.WARNING, NOON, event)),
    ]
    for item in items:
        assert item["tags"]["ai.operation.parentId"] == event.id
        assert item["tags"]["ai.operation.id"] == event.operation_id
        assert data(item)["properties"]["invocation_id"] == "i-1"


def test_outside_an_invocation_a_span_and_a_line_belong_to_no_operation(template: Template) -> None:
    for item in (
        envelopes.span(template, Span("keys.fetch", "HTTP", "issuer", None)),
        envelopes.line(template, Line("x", "odd", logging.WARNING, NOON, None)),
    ):
        assert not [name for name in item["tags"] if name.startswith("ai.operation")]
        assert "invocation_id" not in data(item)["properties"]


def test_a_user_who_is_known_only_later_is_on_earlier_items_too(template: Template) -> None:
    event = invocation(properties={})
    line = Line("auth", "odd", logging.WARNING, NOON, event)
    event.properties["user"] = "zoë"
    assert envelopes.line(template, line)["tags"]["ai.user.authUserId"] == "zoë"


@pytest.mark.parametrize(("level", "severity"), [(10, 0), (20, 1), (30, 2), (40, 3), (50, 4)])
def test_log_levels_become_application_insights_severities(template: Template, level: int, severity: int) -> None:
    assert data(envelopes.line(template, Line("x", "odd", level, NOON, None)))["severityLevel"] == severity


def test_an_exception_is_sent_with_its_cause(template: Template) -> None:
    chain = (Thrown("ValueError", "", (Frame("b", "b.py", 2),)), Thrown("OSError", "down", ()))
    envelope = envelopes.line(template, Line("x", "failed", logging.ERROR, NOON, None, chain))
    outer, inner = data(envelope)["exceptions"]
    assert (outer["id"], outer["outerId"], outer["typeName"], outer["message"]) == (1, 0, "ValueError", "ValueError")
    assert (inner["id"], inner["outerId"], inner["typeName"], inner["message"]) == (2, 1, "OSError", "down")
    assert outer["parsedStack"] == [{"level": 0, "method": "b", "fileName": "b.py", "line": 2}]
    assert data(envelope)["properties"]["line"] == "failed"


def test_items_of_the_same_moment_keep_their_order(template: Template) -> None:
    event = invocation()
    items: list[Envelope] = [
        envelopes.invocation(template, event),
        envelopes.span(template, Span("a", "b", "c", event)),
        envelopes.line(template, Line("x", "odd", logging.WARNING, NOON, event)),
        envelopes.event(template, Event("started")),
    ]
    order = [int(data(item)["properties"]["sequence"]) for item in items]
    assert order == sorted(set(order))


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        (0, "00:00:00.000000"),
        (0.0004, "00:00:00.000000"),
        (999.9996, "00:00:01.000000"),
        (61_001.5, "00:01:01.001500"),
        (3_600_000, "01:00:00.000000"),
        (90_000_000, "1.01:00:00.000000"),
    ],
)
def test_durations_are_in_dotnet_s_form(milliseconds: float, expected: str) -> None:
    assert time_span(milliseconds) == expected


def test_long_texts_are_cut() -> None:
    assert texts({"n" * 200: "v" * 9_000}) == {"n" * 150: "v" * 8_192}


def test_half_surrogates_are_replaced() -> None:
    assert texts({"user": "Zoë \udc80"}) == {"user": "Zoë ?"}
    assert text("ok", 10) == "ok"


def test_no_properties_are_no_error() -> None:
    assert texts({}) == {}


@pytest.mark.parametrize("name", ["outcome", "status", "build", "cold_start", "invocation_id", "sequence"])
def test_the_members_of_every_wide_event_are_documented(template: Template, name: str) -> None:
    assert name in data(envelopes.invocation(template, invocation(properties={}, steps={})))["properties"]
    assert f"`{name}`" in DOCUMENT
