"""The host's span continues the caller's trace, or starts one."""

import re

import httpx
import pytest

from tests.tools.host.process import Host

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


@pytest.mark.parametrize("flags", ["00", "01"])
def test_a_callers_trace_is_continued_with_a_new_span(zoo: Host, flags: str) -> None:
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-{flags}", "tracestate": "vendor=1"}
    answer = httpx.get(f"{zoo.url}/request", headers=headers).json()
    version, trace, span, got_flags = answer["traceparent"].split("-")
    assert (version, trace, got_flags) == ("00", TRACE, flags)
    assert re.fullmatch("[0-9a-f]{16}", span)
    assert span != SPAN
    assert answer["tracestate"] == "vendor=1"


def test_a_later_version_of_trace_context_is_continued(zoo: Host) -> None:
    headers = {"traceparent": f"cc-{TRACE}-{SPAN}-01-and-more"}
    assert httpx.get(f"{zoo.url}/request", headers=headers).json()["traceparent"].split("-")[1] == TRACE


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "garbage",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01,00-{TRACE}-{SPAN}-01",
    ],
)
def test_anything_but_a_valid_traceparent_starts_a_trace(zoo: Host, traceparent: str) -> None:
    headers = {"traceparent": traceparent, "tracestate": "vendor=1"}
    answer = httpx.get(f"{zoo.url}/request", headers=headers).json()
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", answer["traceparent"])
    assert TRACE not in answer["traceparent"]
    assert answer["tracestate"] == ""


def test_a_request_without_traceparent_starts_a_trace_of_its_own(zoo: Host) -> None:
    traces = {zoo.get("/request").json()["traceparent"].split("-")[1] for _ in range(3)}
    assert len(traces) == 3
