"""Azure tables: what they keep, and that nothing but the one problem comes out when the store fails."""

import asyncio
import contextlib
import inspect
import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from typing import Any

import azure.core.exceptions
import azure.data.tables
import azure.identity
import pytest

from shared import tables, telemetry
from shared.problems import SettingInvalid, StoreUnavailable, UsersUnavailable
from shared.tables import Account, Table
from shared.telemetry.events import Span
from tools import azurite

KEY = ("partition", "row")
IDENTITY = "11111111-2222-3333-4444-555555555555"
URI = "https://account.table.core.windows.net"

SAID = {
    "an error": b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
    "a throttled account": b"HTTP/1.1 503 Busy\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n",
    "a refusal": b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
    "a proxy's login page": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
    "a list": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]",
    "no entity": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    "half of JSON": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{",
    "half an answer": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
    "an odd error": b"HTTP/1.1 400 No\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n"
    b'{"odata.error": 1 }',
    "a redirect to itself": b"HTTP/1.1 307 Go\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
    "no HTTP": b"220 mail.example ESMTP\r\n",
    "nothing": b"",
}


@pytest.fixture
def table(storage: str, table_name: str) -> Table:
    """An empty table."""
    made = Table(table_name, Account(storage), UsersUnavailable)
    asyncio.run(made.create())
    return made


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> list[Span]:
    """The spans that were told."""
    told: list[Span] = []
    monkeypatch.setattr(telemetry._sink, "span", told.append)
    return told


@contextmanager
def answering(*said: bytes, seconds: float = 0) -> Iterator[Table]:
    """A table at a server that says one thing to each connection, after some time, and the last to all others."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            for each in chain(said, repeat(said[-1])):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65_536)
                    time.sleep(seconds)
                    connection.sendall(each)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield Table("users", Account(azurite.connection_string(listener.getsockname()[1])), UsersUnavailable)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def run[R](call: Awaitable[R]) -> R:
    async def awaited() -> R:
        return await call

    return asyncio.run(awaited())


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
def test_what_is_inserted_is_read(table: Table, values: dict[str, Any]) -> None:
    assert run(table.insert(KEY, values)) is True
    row = run(table.get(KEY))
    assert row is not None
    assert (row.key, row.values) == (KEY, values)
    assert [type(value) for value in row.values.values()] == [type(value) for value in values.values()]


def test_what_is_not_there_is_none(table: Table) -> None:
    assert run(table.get(KEY)) is None


def test_a_key_is_taken_once(table: Table) -> None:
    assert run(table.insert(KEY, {"x": 1}))
    assert not run(table.insert(KEY, {"x": 2}))
    assert run(table.query("x eq 1L"))


def test_a_merge_changes_what_it_names_and_nothing_else(table: Table) -> None:
    run(table.insert(KEY, {"x": 1, "y": 1}))
    assert run(table.merge(KEY, {"y": 2, "z": 3}))
    assert [row.values for row in run(table.query(""))] == [{"x": 1, "y": 2, "z": 3}]


def test_what_is_not_there_is_not_merged(table: Table) -> None:
    assert not run(table.merge(KEY, {"x": 1}))
    assert run(table.get(KEY)) is None


def test_of_many_who_replace_one_version_one_succeeds(table: Table) -> None:
    async def race() -> list[bool]:
        await table.insert(KEY, {"x": 0})
        row = await table.get(KEY)
        assert row
        return await asyncio.gather(*(table.replace(KEY, {"x": i}, row.etag) for i in range(8)))

    assert sorted(asyncio.run(race())) == [False] * 7 + [True]


def test_what_was_deleted_is_not_replaced(table: Table) -> None:
    run(table.insert(KEY, {"x": 1}))
    row = run(table.get(KEY))
    assert row
    run(table.delete(KEY))
    run(table.delete(KEY))
    assert not run(table.replace(KEY, {"x": 2}, row.etag))
    assert run(table.get(KEY)) is None


def test_a_table_is_made_once(table: Table) -> None:
    run(table.insert(KEY, {}))
    run(table.create())
    assert run(table.get(KEY))


def test_a_table_that_is_not_there_is_unavailable_and_not_empty(storage: str, table_name: str) -> None:
    with pytest.raises(UsersUnavailable) as caught:
        run(Table(table_name, Account(storage), UsersUnavailable).query("x eq 1"))
    assert caught.value.reason == f"table {table_name}: ResourceNotFoundError TableNotFound"


def test_every_call_is_a_span_with_the_table_as_its_target(table: Table, spans: list[Span]) -> None:
    run(table.get(KEY))
    run(table.insert(KEY, {}))
    run(table.query(""))
    told = [(span.name, span.type, span.target, span.success) for span in spans]
    assert told == [(f"tables.{name}", "Azure table", table.name, True) for name in ("get", "insert", "query")]


def test_a_failed_call_is_a_failed_span(storage: str, table_name: str, spans: list[Span]) -> None:
    with pytest.raises(UsersUnavailable):
        run(Table(table_name, Account(storage), UsersUnavailable).query(""))
    assert [span.success for span in spans] == [False]


def _exceptions() -> list[type[Exception]]:
    """All that the three libraries define or tell."""
    modules = (azure.core.exceptions, azure.data.tables, azure.identity)
    found = {kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)}
    return sorted((kind for kind in found if issubclass(kind, Exception)), key=lambda kind: kind.__name__)


def _raised(kind: type[Exception]) -> Exception:
    """One of its kind, whatever its constructor asks for."""
    error = kind.__new__(kind)
    error.args = ("secret",)
    return error


@pytest.mark.parametrize(
    "kind", [*_exceptions(), OSError, TimeoutError, ConnectionResetError], ids=lambda kind: kind.__name__
)
def test_whatever_the_library_raises_comes_out_as_the_problem(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch, storage: str
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise _raised(kind)

    monkeypatch.setattr(azure.data.tables.TableClient, "query_entities", fails)
    with pytest.raises(UsersUnavailable) as caught:
        run(Table("users", Account(storage), UsersUnavailable).query(""))
    assert caught.value.reason == f"table users: {kind.__name__}"
    assert caught.value.headers == {"Retry-After": "5"}


def test_the_list_of_exceptions_is_one() -> None:
    assert {"ServiceRequestError", "SerializationError", "CredentialUnavailableError", "TableTransactionError"} <= {
        kind.__name__ for kind in _exceptions()
    }


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
@pytest.mark.parametrize(
    "call", [lambda table: table.get(KEY), lambda table: table.query(""), lambda table: table.merge(KEY, {"x": 1})]
)
def test_whatever_answers_in_the_table_s_place_comes_out_as_the_problem_at_once(
    said: bytes, call: Callable[[Table], Awaitable[Any]]
) -> None:
    with answering(said) as table:
        run_open(table)
        started = time.perf_counter()
        with pytest.raises(UsersUnavailable):
            run(call(table))
        assert time.perf_counter() - started < 1


def test_a_connection_that_broke_is_worth_a_second_try_and_no_third() -> None:
    empty = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"value":[]}'
    with answering(b"", empty) as table:
        assert run(table.query("")) == []
    with answering(b"", b"", empty) as table, pytest.raises(UsersUnavailable):
        run(table.query(""))


def run_open(table: Table) -> None:
    """Load the library, which is no part of a call's time."""
    table._open()


def test_nobody_there_is_the_problem_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    table = Table("users", Account(azurite.connection_string(port)), UsersUnavailable)
    run_open(table)
    started = time.perf_counter()
    with pytest.raises(UsersUnavailable):
        run(table.get(KEY))
    assert time.perf_counter() - started < 1


def test_a_store_that_hangs_is_given_up_and_the_loop_lives_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_SECONDS", 0.2)
    beats = []

    async def wait(table: Table) -> None:
        asking = asyncio.create_task(table.get(KEY))
        while not asking.done():
            beats.append(time.perf_counter())
            await asyncio.sleep(0.01)
        await asking

    with answering(SAID["an error"], seconds=0.5) as table:
        run_open(table)
        with pytest.raises(UsersUnavailable, match="cannot be looked up"):
            asyncio.run(wait(table))
    assert beats[-1] - beats[0] < 0.4
    assert len(beats) > 10


def test_a_client_of_a_store_waits_no_longer_than_three_seconds() -> None:
    assert tables.MOST_SECONDS <= 3


def test_a_connection_string_that_opens_nothing_is_the_problem() -> None:
    with pytest.raises(UsersUnavailable):
        run(Table("users", Account("AccountName=a;AccountKey=no base64"), UsersUnavailable).get(KEY))


def test_the_settings_say_which_account(told: Callable[..., object], storage: str, table_name: str) -> None:
    told(STORAGE_CONNECTION=storage)
    opened = tables.table(table_name, StoreUnavailable)
    run(opened.create())
    assert tables.table(table_name, StoreUnavailable) is opened
    assert run(opened.query("")) == []


def test_wrong_storage_settings_are_told_as_such(told: Callable[..., object]) -> None:
    told(STORAGE_CONNECTION="nonsense")
    with pytest.raises(SettingInvalid):
        tables.table("users", UsersUnavailable)


def test_an_identity_opens_the_account_that_the_uri_names(told: Callable[..., object]) -> None:
    told(STORAGE_TABLE_URI=URI, STORAGE_CLIENT_ID=IDENTITY)
    client = tables.table("users", UsersUnavailable)._open()
    assert isinstance(client.credential, azure.identity.ManagedIdentityCredential)  # type: ignore[attr-defined]
    assert (client.url, client.table_name) == (URI, "users")


def test_on_a_laptop_the_developer_s_own_login_stands_in_for_the_identity(told: Callable[..., object]) -> None:
    told(STORAGE_TABLE_URI=URI, AZURE_FUNCTIONS_ENVIRONMENT="Development")
    client = tables.table("users", UsersUnavailable)._open()
    assert isinstance(client.credential, azure.identity.AzureCliCredential)  # type: ignore[attr-defined]


def test_an_account_s_key_does_not_stand_in_its_repr() -> None:
    assert azurite.KEY not in repr(Account(azurite.connection_string()))


def test_requests_and_answers_are_not_logged_one_by_one(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        run(table.get(KEY))
    assert "Request URL" not in caplog.text
