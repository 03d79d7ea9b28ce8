"""Ports: those that a server could listen on."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tools.ports import LAST, is_free, next_free


@pytest.fixture
def taken() -> Iterator[int]:
    """A port where a server listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_with_a_server_is_not_free(taken: int) -> None:
    assert not is_free(taken)
    assert is_free(0)
    assert not is_free(LAST + 1)


def test_the_next_free_port_is_the_port_itself_or_one_after_it(taken: int) -> None:
    found = next_free(taken)
    assert found > taken
    assert next_free(found) == found


def test_two_ports_in_a_row_are_free_together() -> None:
    with ExitStack() as stack:
        first = next_free(20_000, 3)
        stack.enter_context(socket.create_server(("127.0.0.1", first + 1)))
        assert next_free(first) == first
        assert next_free(first, 2) > first + 1


def test_after_the_last_port_there_is_none() -> None:
    assert next_free(LAST + 1) == 0
