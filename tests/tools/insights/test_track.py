import gzip
import json
from typing import Any

import pytest

from tests.telemetry_samples import envelope, invocation
from tools.insights.store import Store
from tools.insights.track import MAX_VALUES, track


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def items() -> list[Any]:
    return [envelope(invocation()) for _ in range(3)]


def test_an_array_of_items_is_accepted(store: Store, items: list[Any]) -> None:
    result = track(store, json.dumps(items).encode(), "")
    assert (result.status, result.items_received, result.items_accepted) == (200, 3, 3)
    assert store.count() == 3


def test_items_on_separate_lines_are_accepted(store: Store, items: list[Any]) -> None:
    result = track(store, "\n".join(map(json.dumps, items)).encode() + b"\n\n", "")
    assert (result.status, result.items_accepted) == (200, 3)


def test_a_gzipped_body_is_accepted(store: Store, items: list[Any]) -> None:
    result = track(store, gzip.compress(json.dumps(items).encode()), "gzip")
    assert (result.status, result.items_accepted) == (200, 3)


def test_an_invalid_item_is_reported_and_the_others_are_accepted(store: Store, items: list[Any]) -> None:
    del items[1]["iKey"]
    result = track(store, json.dumps(items).encode(), "")
    assert (result.status, result.items_received, result.items_accepted) == (206, 3, 2)
    assert [(error.index, error.status_code, error.message) for error in result.errors] == [(1, 400, "iKey is missing")]
    assert store.count() == 2


def test_an_invalid_line_is_refused_and_the_others_are_accepted(store: Store, items: list[Any]) -> None:
    lines = [json.dumps(items[0]), "{", json.dumps(items[2])]
    result = track(store, "\n".join(lines).encode(), "")
    assert (result.status, result.items_accepted) == (206, 2)


def test_without_a_valid_item_the_status_is_400(store: Store) -> None:
    assert track(store, b'[{"name": "nothing"}]', "").status == 400


@pytest.mark.parametrize(
    ("body", "encoding", "message"),
    [
        (b"[{", "", "not JSON"),
        (b"[\xff]", "", "not JSON"),
        (b"plain", "gzip", "not gzip"),
        (gzip.compress(b"[]" * 500, mtime=0)[:-9], "gzip", "truncated"),
        (b"[]", "br", "may be gzip"),
    ],
)
def test_an_invalid_body_has_the_status_400(store: Store, body: bytes, encoding: str, message: str) -> None:
    result = track(store, body, encoding)
    assert (result.status, result.items_received) == (400, 0)
    assert message in result.errors[0].message


def test_a_small_body_that_decompresses_to_a_huge_one_is_refused(store: Store) -> None:
    result = track(store, gzip.compress(b" " * 100_000), "gzip", max_bytes=1_000)
    assert (result.status, result.items_received) == (400, 0)


def test_a_small_body_with_millions_of_empty_objects_is_refused_undecoded(store: Store) -> None:
    body = gzip.compress(b"[" + b"{}," * (MAX_VALUES + 1) + b"{}]")
    result = track(store, body, "gzip")
    assert (result.items_received, result.status) == (0, 400)
    assert "more than 500000 values" in result.errors[0].message
