"""The console: one readable line for each item, whatever is in it."""

import logging
import sys

import pytest

from shared.telemetry import console
from shared.telemetry.console import Console, LineFormatter
from shared.telemetry.events import Invocation, Span


def invocation(**properties: str | int) -> Invocation:
    event = Invocation("predict", "4bf9", "", "i", total_ms=1.5, status=200, outcome="ok", properties={**properties})
    event.steps.update(decode=0.25, model=1.0)
    return event


def test_an_invocation_is_one_line_with_its_steps(capsys: pytest.CaptureFixture[str]) -> None:
    Console().invocation(invocation(user="abi"))
    written = capsys.readouterr().err
    assert written.endswith(" predict 200 ok 1.50 ms [decode 0.25 model 1.00] user=abi op=4bf9\n")


def test_a_span_is_one_line_with_its_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    Console().span(Span("features.fetch", "HTTP", "store", invocation(), success=False))
    Console().span(Span("features.fetch", "HTTP", "store", None, properties={"entities": 2}))
    failed, successful = capsys.readouterr().err.splitlines()
    assert "features.fetch → store failed" in failed
    assert successful.endswith("ok 0.00 ms entities=2 op=-")


@pytest.mark.parametrize("hostile", ["a\r\nb", "a\x1b[31mb", "a\u2028b", "a\x00b", "a\x85b"], ids=ascii)
def test_control_characters_in_a_name_forge_no_line(hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    Console().invocation(invocation(user=hostile))
    written = capsys.readouterr().err
    assert len(written.splitlines()) == 1
    assert "\x1b" not in written


def test_numbers_have_six_digits() -> None:
    assert console.summary({"mean": 210.80813786536956, "n": 1, "user": "abi"}) == "mean=210.808 n=1 user=abi"


def test_a_log_line_is_printed_with_its_stack_trace_below() -> None:
    try:
        raise ValueError("inside")
    except ValueError:
        record = logging.LogRecord("egl_ml.x", logging.ERROR, "", 0, "failed\ntwice", (), sys.exc_info())
    record.operation_id = "4bf9"
    first, *rest = LineFormatter().format(record).splitlines()
    assert first.endswith(r"ERROR failed\x0atwice op=4bf9")
    assert rest[-1] == "ValueError: inside"


def test_a_log_line_outside_an_invocation_names_no_operation() -> None:
    record = logging.LogRecord("egl_ml.x", logging.INFO, "", 0, "started", (), None)
    assert LineFormatter().format(record).endswith("INFO started")


def test_the_handler_writes_such_lines_and_flushing_succeeds() -> None:
    assert isinstance(console.handler().formatter, LineFormatter)
    assert Console().flush(0.1) is True
