import gzip
import json
from typing import Any

import pytest

from tests.telemetry_samples import envelope, invocation
from tools.insights.store import Store
from tools.insights.track import track


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def items() -> list[Any]:
    return [envelope(invocation()) for _ in range(3)]


def test_an_array_of_items_is_taken(store: Store, items: list[Any]) -> None:
    outcome = track(store, json.dumps(items).encode(), "")
    assert (outcome.status, outcome.items_received, outcome.items_accepted) == (200, 3, 3)
    assert store.count() == 3


def test_items_on_lines_of_their_own_are_taken(store: Store, items: list[Any]) -> None:
    outcome = track(store, "\n".join(map(json.dumps, items)).encode() + b"\n\n", "")
    assert (outcome.status, outcome.items_accepted) == (200, 3)


def test_a_gzipped_body_is_taken(store: Store, items: list[Any]) -> None:
    outcome = track(store, gzip.compress(json.dumps(items).encode()), "gzip")
    assert (outcome.status, outcome.items_accepted) == (200, 3)


def test_of_a_body_with_a_bad_item_the_others_are_taken_and_the_bad_one_is_named(
    store: Store, items: list[Any]
) -> None:
    del items[1]["iKey"]
    outcome = track(store, json.dumps(items).encode(), "")
    assert (outcome.status, outcome.items_received, outcome.items_accepted) == (206, 3, 2)
    assert [(each.index, each.status_code, each.message) for each in outcome.errors] == [(1, 400, "iKey is missing")]
    assert store.count() == 2


def test_a_bad_line_costs_only_itself(store: Store, items: list[Any]) -> None:
    lines = [json.dumps(items[0]), "{", json.dumps(items[2])]
    outcome = track(store, "\n".join(lines).encode(), "")
    assert (outcome.status, outcome.items_accepted) == (206, 2)


def test_when_no_item_can_be_taken_the_answer_is_400(store: Store) -> None:
    assert track(store, b'[{"name": "nothing"}]', "").status == 400


@pytest.mark.parametrize(
    ("body", "encoding", "said"),
    [
        (b"[{", "", "not JSON"),
        (b"[\xff]", "", "not JSON"),
        (b"plain", "gzip", "not gzip"),
        (gzip.compress(b"[]" * 500)[:-9], "gzip", "cut short"),
        (b"[]", "br", "may be gzip"),
    ],
)
def test_a_body_that_cannot_be_read_is_answered_400(store: Store, body: bytes, encoding: str, said: str) -> None:
    outcome = track(store, body, encoding)
    assert (outcome.status, outcome.items_received) == (400, 0)
    assert said in outcome.errors[0].message


def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.insights.track.MOST_BYTES", 1_000)
    outcome = track(store, gzip.compress(b" " * 100_000), "gzip")
    assert (outcome.status, outcome.items_received) == (400, 0)
