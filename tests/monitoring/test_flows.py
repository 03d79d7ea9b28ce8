"""The flows: the requests of a user, and the parts of one request."""

import pytest
from msgspec.structs import replace

from tests.telemetry_samples import (
    NOON,
    after,
    challenged,
    envelope,
    exception,
    fetch,
    invocation,
    line,
    new_id,
    records,
    request,
    stored,
)

STEPS = {"auth": 0.25, "decode": 0.5, "features": 8.0, "model": 1.0, "encode": 0.25}


def test_a_user_s_flow_shows_every_step_of_every_request_the_newest_request_first() -> None:
    login = invocation("token", at=NOON, login="abi", steps={"decode": 0.5, "auth": 200.0})
    message = line(login, "login succeeded for abi", level=20, after_ms=201)
    prediction = invocation("predict", at=after(5), instances=3, steps=STEPS)
    call = fetch(prediction, milliseconds=7.5, after_ms=1.0)
    rows = records(
        stored(call, prediction, request(prediction), message, login, request(login)), "user-flow", user="abi"
    )
    assert [(row["function"], row["part"], row["what"], row["at_ms"]) for row in rows] == [
        ("predict", "request", "predict, 3 instances", 0),
        ("predict", "step", "auth", 0),
        ("predict", "step", "decode", 0.25),
        ("predict", "step", "features", 0.75),
        ("predict", "call", "features.fetch from features", pytest.approx(1.0, abs=0.01)),
        ("predict", "step", "model", 8.75),
        ("predict", "step", "encode", 9.75),
        ("token", "request", "token", 0),
        ("token", "step", "decode", 0),
        ("token", "step", "auth", 0.5),
        ("token", "log", "login succeeded for abi", pytest.approx(201, abs=0.01)),
    ]
    assert [row["result"] for row in rows if row["part"] == "request"] == ["200 ok", "200 ok"]
    assert sum(row["took_ms"] for row in rows if row["part"] == "step") == pytest.approx(210.5)


def test_a_failed_login_with_the_user_s_name_is_part_of_the_flow() -> None:
    failed = invocation("token", user="", login="abi", status=401, outcome="invalid-grant")
    rows = records(stored(failed, line(failed, "login failed for abi")), "user-flow", user="abi")
    assert [(row["part"], row["result"]) for row in rows if row["part"] != "step"] == [
        ("request", "401 invalid-grant"),
        ("log", "warning"),
    ]


def test_a_log_line_before_the_authorization_is_part_of_the_flow() -> None:
    prediction = invocation(user="abi")
    early = line(replace(prediction, properties={}, identity=prediction.id), "keys fetched")
    assert "ai.user.authUserId" not in envelope(early)["tags"]
    rows = records(stored(prediction, early), "user-flow", user="abi")
    assert "keys fetched" in [row["what"] for row in rows]


def test_another_user_s_request_in_the_same_trace_is_not_part_of_the_flow() -> None:
    trace = new_id(32)
    mine, theirs = invocation(user="abi", operation_id=trace), invocation(user="ben", operation_id=trace)
    store = stored(mine, theirs, line(mine, "mine"), line(theirs, "theirs"), fetch(theirs))
    rows = records(store, "user-flow", user="abi")
    assert {row["invocation"] for row in rows} == {mine.id}
    assert [row["what"] for row in rows if row["part"] in ("log", "call")] == ["mine"]


def test_of_two_requests_of_the_same_moment_the_one_that_started_last_is_first() -> None:
    first, second = invocation(steps={"auth": 1.0}), invocation(steps={"auth": 2.0})
    rows = records(stored(second, first), "user-flow", user="abi")
    assert [row["invocation"] for row in rows] == [second.id] * 2 + [first.id] * 2


def test_an_exception_is_shown_with_the_log_message() -> None:
    failed = invocation(status=500, outcome="internal")
    rows = records(stored(failed, exception(failed, "KeyError", "'bmi'")), "user-flow", user="abi")
    (thrown,) = [row for row in rows if row["part"] == "exception"]
    assert thrown["what"] == "predict failed: KeyError at score: 'bmi'"


def test_without_a_user_there_is_no_flow() -> None:
    assert records(stored(invocation(user="")), "user-flow", user="") == []


def test_a_request_is_found_by_its_id_with_the_host_s_item_first() -> None:
    prediction = invocation(at=after(5), steps=STEPS)
    others = [invocation(at=after(5)), invocation(at=after(5))]
    items = [prediction, request(prediction, extra_ms=2.0), fetch(prediction), line(prediction, "careful"), *others]
    rows = records(stored(*items), "request-flow", operation=prediction.operation_id)
    assert [row["part"] for row in rows] == ["request", "invocation", "call", "log"]
    assert [row["at_ms"] for row in rows] == pytest.approx([0, 1.0, 1.4, 1.5], abs=0.01)
    assert (rows[1]["took_ms"], rows[1]["result"], rows[1]["user"]) == (10.0, "200 ok", "abi")
    assert rows[2]["parent"] == rows[1]["id"]


def test_a_trace_with_several_requests_shows_all_of_them() -> None:
    trace = new_id(32)
    invocations = [invocation("token", operation_id=trace), invocation(operation_id=trace, at=after(1))]
    rows = records(stored(*invocations), "request-flow", operation=trace)
    assert [row["what"] for row in rows] == ["token", "predict"]


def test_the_challenger_s_score_is_no_call_of_the_request() -> None:
    prediction = invocation(steps=STEPS)
    store = stored(prediction, fetch(prediction), challenged(prediction), request(prediction))
    for name, parameters in (("user-flow", {"user": "abi"}), ("request-flow", {"operation": prediction.operation_id})):
        rows = records(store, name, **parameters)
        assert [row["what"] for row in rows if row["part"] == "call"] == ["features.fetch from features"]
        (score,) = [row for row in rows if row["part"] == "challenger"]
        assert (score["what"], score["took_ms"]) == ("predict by slr v2", 2.0)


def test_a_failed_score_is_shown_as_failed() -> None:
    prediction = invocation()
    rows = records(stored(prediction, challenged(prediction, reason="KeyError")), "user-flow", user="abi")
    assert [row["result"] for row in rows if row["part"] == "challenger"] == ["failed"]


def test_of_a_busy_user_the_newest_requests_are_shown_first_and_all_are_counted() -> None:
    items = [invocation(at=after(i * 0.1), instances=1, steps=STEPS) for i in range(6_000)]
    rows = [row for row in records(stored(*items), "user-flow", user="abi") if row["part"] == "request"]
    assert [row["invocation"] for row in rows] == [item.id for item in items[:-201:-1]]
    assert rows[0]["requests_in_all"] == 6_000


def test_the_requests_around_a_time_are_reached_however_many_came_after_them() -> None:
    items = [invocation(at=after(i)) for i in range(3_000)]
    around = f"{after(600):%Y-%m-%dT%H:%M:%SZ}"
    rows = records(stored(*items), "user-flow", user="abi", around=around)
    found = [row for row in rows if row["part"] == "request"]
    assert found[0]["requests_in_all"] == 601
    assert found[0]["invocation"] == items[900].id


def test_failures_alone_are_those_that_were_refused_or_failed() -> None:
    refused, failed = invocation(status=422, outcome="invalid-instances"), invocation(status=500, outcome="internal")
    rows = records(stored(invocation(), refused, failed), "user-flow", user="abi", only="failures")
    assert {row["invocation"] for row in rows} == {refused.id, failed.id}
