"""The story of a request: one event with its steps, spans of their own, log lines that carry its id."""

import asyncio
import logging
import re
from types import SimpleNamespace

import pytest

from shared import offload, telemetry
from shared.settings import Settings
from shared.telemetry.events import Invocation, Span

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Kept:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.invocations: list[Invocation] = []
        self.spans: list[Span] = []

    def invocation(self, event: Invocation) -> None:
        self.invocations.append(event)

    def span(self, event: Span) -> None:
        self.spans.append(event)

    def flush(self, timeout: float) -> bool:
        return timeout > 0


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    sink = Kept()
    monkeypatch.setattr(telemetry, "_sink", sink)
    return sink


def context(traceparent: str = f"00-{TRACE}-{PARENT}-01") -> SimpleNamespace:
    return SimpleNamespace(invocation_id="i-1", trace_context=SimpleNamespace(trace_parent=traceparent))


def test_an_invocation_continues_the_host_s_trace(kept: Kept) -> None:
    with telemetry.invocation(context(), "predict"):
        pass
    event = kept.invocations[0]
    assert (event.name, event.operation_id, event.parent_id) == ("predict", TRACE, PARENT)
    assert event.invocation_id == "i-1"


@pytest.mark.parametrize(
    "traceparent",
    ["", "garbage", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{PARENT}-01", None],
)
def test_without_a_sound_trace_the_operation_is_a_fresh_one(kept: Kept, traceparent: str) -> None:
    for _ in range(2):
        with telemetry.invocation(context(traceparent), "predict"):
            pass
    first, second = (event.operation_id for event in kept.invocations)
    assert first != second
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert kept.invocations[0].parent_id == ""


def test_steps_add_up_in_the_order_in_which_they_ran(kept: Kept) -> None:
    with telemetry.invocation(context(), "predict"):
        for name in ("decode", "model", "decode"):
            with telemetry.step(name):
                pass
    event = kept.invocations[0]
    assert list(event.steps) == ["decode", "model"]
    assert 0 < sum(event.steps.values()) <= event.total_ms


def test_a_step_that_fails_is_timed_all_the_same(kept: Kept) -> None:
    with pytest.raises(ZeroDivisionError), telemetry.invocation(context(), "predict"), telemetry.step("model"):
        raise ZeroDivisionError
    assert list(kept.invocations[0].steps) == ["model"]


def test_steps_and_properties_reach_the_event_from_another_thread(kept: Kept) -> None:
    def work() -> None:
        with telemetry.step("model"):
            telemetry.bind(instances=3)

    async def invoked() -> None:
        with telemetry.invocation(context(), "predict"):
            await offload.run(work)

    asyncio.run(invoked())
    assert kept.invocations[0].properties == {"instances": 3}
    assert list(kept.invocations[0].steps) == ["model"]


def test_invocations_at_the_same_time_do_not_mix(kept: Kept) -> None:
    async def one(user: str) -> None:
        with telemetry.invocation(context(), "predict"):
            await asyncio.sleep(0)
            telemetry.bind(user=user)
            await asyncio.sleep(0)

    async def all_at_once() -> None:
        await asyncio.gather(*(one(f"user {i}") for i in range(20)))

    asyncio.run(all_at_once())
    assert sorted(event.user for event in kept.invocations) == sorted(f"user {i}" for i in range(20))


def test_outside_an_invocation_steps_and_properties_go_nowhere(kept: Kept) -> None:
    with telemetry.step("model"):
        telemetry.bind(user="abi")
    assert kept.invocations == []


def test_a_span_is_an_item_of_its_own_inside_the_invocation(kept: Kept) -> None:
    with (
        telemetry.invocation(context(), "predict") as event,
        telemetry.span("features.fetch", "HTTP", "store") as span,
    ):
        span.properties["entities"] = 2
    assert kept.spans == [span]
    assert (span.invocation, span.success, span.properties) == (event, True, {"entities": 2})
    assert span.duration_ms > 0


def test_a_span_that_fails_says_so_and_lets_the_error_through(kept: Kept) -> None:
    with pytest.raises(OSError, match="down"), telemetry.span("features.fetch", "HTTP", "store"):
        raise OSError("down")
    assert kept.spans[0].success is False


@pytest.mark.parametrize(("status", "success"), [(200, True), (401, True), (422, True), (500, False), (503, False)])
def test_only_a_5xx_is_a_failure_of_the_service(status: int, success: bool) -> None:
    assert Invocation("predict", TRACE, PARENT, "i", status=status).success is success


def test_a_log_line_carries_the_operation_and_the_user(kept: Kept, logged: list[logging.LogRecord]) -> None:
    log = telemetry.get_logger("test")
    with telemetry.invocation(context(), "predict"):
        telemetry.bind(user="abi")
        log.warning("odd")
    log.warning("outside")
    assert [(getattr(line, "operation_id", None), getattr(line, "user", None)) for line in logged] == [
        (TRACE, "abi"),
        ("", ""),
    ]


def test_log_lines_do_not_reach_the_root_logger_which_the_worker_forwards() -> None:
    telemetry.configure(Settings.read({}))
    assert logging.getLogger(telemetry.ROOT).propagate is False


def test_configuring_again_does_not_double_the_lines() -> None:
    for _ in range(2):
        telemetry.configure(Settings.read({}))
    assert len(logging.getLogger(telemetry.ROOT).handlers) == 1


def test_flush_asks_the_sink(kept: Kept) -> None:
    assert telemetry.flush(1.0) is True
    assert telemetry.flush(0.0) is False
