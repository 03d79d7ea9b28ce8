"""Azure tables, on a real Azurite; every failure of the store becomes one problem."""

import asyncio
import contextlib
import inspect
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from typing import Any

import azure.core.exceptions
import azure.data.tables
import azure.identity
import pytest

from shared.problems import UsersUnavailable
from shared.tables import Account, Table
from shared.threads import Threads
from tests.conftest import NO_STORE
from tests.loop import run
from tests.recording import invocation
from tools import azurite

KEY = ("partition", "row")

RESPONSES = {
    "an error": b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
    "a throttled account": b"HTTP/1.1 503 Busy\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n",
    "a refusal": b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
    "a proxy's login page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
    "a list": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]",
    "no entity": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    "half of JSON": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{",
    "half a response": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
    "an odd error": b"HTTP/1.1 400 No\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n"
    b'{"odata.error": 1 }',
    "a redirect to itself": b"HTTP/1.1 307 Go\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    "no HTTP": b"220 mail.example ESMTP\r\n",
    "nothing": b"",
}


type Open = Callable[..., Table]
"""Opens the table `name` at a connection string."""


@pytest.fixture
def open_table(threads: Threads) -> Open:
    def opened(name: str, connection: str, **options: Any) -> Table:
        return Table(name, Account(connection), threads.tables, UsersUnavailable, **options)

    return opened


@pytest.fixture
def table(open_table: Open, storage: str, table_name: str) -> Table:
    """An empty table."""
    empty = open_table(table_name, storage)
    run(empty.create())
    return empty


@contextmanager
def serving(*responses: bytes, wait: threading.Event | None = None) -> Iterator[str]:
    """Run a server that sends one response to each connection, and the last one to all others.

    With `wait` it responds only after that event. Yields the connection string.
    """

    def serve() -> None:
        with contextlib.suppress(OSError):
            for response in chain(responses, repeat(responses[-1])):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65_536)
                    if wait:
                        wait.wait(30)
                    connection.sendall(response)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield azurite.connection_string(listener.getsockname()[1])
        finally:
            if wait:
                wait.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    "values",
    [
        {"text": "ü\n☃", "yes": True, "no": False, "half": 0.5, "none": ""},
        {"whole": 1},
        {"whole": 2**40},
        {"time": -(2**62)},
    ],
    ids=str,
)
def test_an_inserted_entity_is_read_unchanged(table: Table, values: dict[str, Any]) -> None:
    assert run(table.insert(KEY, values)) is True
    row = run(table.get(KEY))
    assert row is not None
    assert (row.key, row.values) == (KEY, values)
    assert [type(value) for value in row.values.values()] == [type(value) for value in values.values()]


def test_a_missing_entity_is_none(table: Table) -> None:
    assert run(table.get(KEY)) is None


def test_a_key_is_inserted_once(table: Table) -> None:
    assert run(table.insert(KEY, {"x": 1}))
    assert not run(table.insert(KEY, {"x": 2}))
    assert run(table.query("x eq 1L"))


def test_a_merge_changes_only_its_own_properties(table: Table) -> None:
    run(table.insert(KEY, {"x": 1, "y": 1}))
    assert run(table.merge(KEY, {"y": 2, "z": 3}))
    assert [row.values for row in run(table.query(""))] == [{"x": 1, "y": 2, "z": 3}]


def test_a_missing_entity_is_not_merged(table: Table) -> None:
    assert not run(table.merge(KEY, {"x": 1}))
    assert run(table.get(KEY)) is None


def test_only_one_of_many_replaces_a_version(table: Table) -> None:
    async def race() -> list[bool]:
        await table.insert(KEY, {"x": 0})
        row = await table.get(KEY)
        assert row
        return await asyncio.gather(*(table.replace(KEY, {"x": i}, row.etag) for i in range(8)))

    assert sorted(asyncio.run(race())) == [False] * 7 + [True]


def test_a_deleted_entity_is_not_replaced(table: Table) -> None:
    run(table.insert(KEY, {"x": 1}))
    row = run(table.get(KEY))
    assert row
    run(table.delete(KEY))
    run(table.delete(KEY))
    assert not run(table.replace(KEY, {"x": 2}, row.etag))
    assert run(table.get(KEY)) is None


def test_creating_a_table_again_changes_nothing(table: Table) -> None:
    run(table.insert(KEY, {}))
    run(table.create())
    assert run(table.get(KEY))


def test_a_missing_table_is_unavailable_and_not_empty(open_table: Open, storage: str, table_name: str) -> None:
    with pytest.raises(UsersUnavailable) as caught:
        run(open_table(table_name, storage).query("x eq 1"))
    place = f"table {table_name} at {Account(storage).endpoint}"
    assert caught.value.reason == f"{place}: ResourceNotFoundError TableNotFound"


def test_every_call_is_a_span_with_the_table_as_its_target(table: Table) -> None:
    with invocation() as (_, recorder):
        run(table.get(KEY))
        run(table.insert(KEY, {}))
        run(table.query(""))
    spans = [(span.name, span.type, span.target, span.success) for span in recorder.spans]
    assert spans == [(f"tables.{name}", "Azure table", table.name, True) for name in ("get", "insert", "query")]


def test_a_failed_call_is_a_failed_span(open_table: Open, storage: str, table_name: str) -> None:
    with invocation() as (_, recorder), pytest.raises(UsersUnavailable):
        run(open_table(table_name, storage).query(""))
    assert [span.success for span in recorder.spans] == [False]


def _exceptions() -> list[type[Exception]]:
    """Return all exceptions of the three libraries."""
    modules = (azure.core.exceptions, azure.data.tables, azure.identity)
    kinds = {kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)}
    return sorted((kind for kind in kinds if issubclass(kind, Exception)), key=lambda kind: kind.__name__)


def _raised(kind: type[Exception]) -> Exception:
    """Return an exception of this kind, without calling its constructor."""
    error = kind.__new__(kind)
    error.args = ("secret",)
    return error


@pytest.mark.parametrize(
    "kind", [*_exceptions(), OSError, TimeoutError, ConnectionResetError], ids=lambda kind: kind.__name__
)
def test_every_exception_of_the_library_becomes_the_problem(
    kind: type[Exception], open_table: Open, storage: str
) -> None:
    class Client:
        def query_entities(self, condition: str) -> None:
            raise _raised(kind)

    table = open_table("users", storage)
    table._client = Client()  # type: ignore[assignment]
    with pytest.raises(UsersUnavailable) as caught:
        run(table.query(""))
    assert caught.value.reason == f"table users at {Account(storage).endpoint}: {kind.__name__}"
    assert caught.value.headers == {"Retry-After": "5"}


def test_the_list_of_exceptions_is_that_of_the_libraries() -> None:
    assert {"ServiceRequestError", "SerializationError", "CredentialUnavailableError", "TableTransactionError"} <= {
        kind.__name__ for kind in _exceptions()
    }


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
@pytest.mark.parametrize(
    "call", [lambda table: table.get(KEY), lambda table: table.query(""), lambda table: table.merge(KEY, {"x": 1})]
)
def test_any_wrong_response_becomes_the_problem(
    response: bytes, call: Callable[[Table], Awaitable[Any]], open_table: Open
) -> None:
    with serving(response) as connection, pytest.raises(UsersUnavailable) as caught:
        run(call(open_table("users", connection, max_seconds=20)))
    assert "TimeoutError" not in caught.value.reason  # nobody waits for a Retry-After of 30 s


def test_after_a_broken_connection_there_is_one_retry(open_table: Open) -> None:
    empty = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"value":[]}'
    with serving(b"", empty) as connection:
        assert run(open_table("users", connection).query("")) == []
    with serving(b"", b"", empty) as connection, pytest.raises(UsersUnavailable):
        run(open_table("users", connection).query(""))


def test_a_refused_connection_becomes_the_problem(open_table: Open) -> None:
    with pytest.raises(UsersUnavailable):
        run(open_table("users", NO_STORE).get(KEY))


def test_a_call_to_a_store_that_hangs_ends_at_the_time_limit_and_the_event_loop_runs_on(open_table: Open) -> None:
    async def count_turns(table: Table) -> int:
        call = asyncio.create_task(table.get(KEY))
        turns = 0
        while not call.done():
            await asyncio.sleep(0.001)
            turns += 1
        with pytest.raises(UsersUnavailable, match="cannot be looked up"):
            await call
        return turns

    hang = threading.Event()
    with serving(RESPONSES["an error"], wait=hang) as connection:
        assert run(count_turns(open_table("users", connection, max_seconds=0.2))) > 10
        assert not hang.is_set()


def test_a_connection_string_that_cannot_be_used_becomes_the_problem(open_table: Open) -> None:
    with pytest.raises(UsersUnavailable):
        run(open_table("users", "AccountName=a;AccountKey=no base64").get(KEY))


def test_requests_and_responses_are_not_logged_one_by_one(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        run(table.get(KEY))
    assert "Request URL" not in caplog.text
