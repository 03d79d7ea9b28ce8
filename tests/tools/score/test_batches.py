"""Rows in requests, within the service's limits."""

import json

from shared.api.endpoint import MAX_BODY_BYTES
from shared.model.schemas import MAX_INSTANCES
from tests.tools.score.test_model import described
from tools.score import batches
from tools.score.batches import TOO_LARGE, Batch, body, encoder
from tools.score.columns import select
from tools.score.source import Row

MODEL = described()
encode = encoder(select(MODEL, ["id", "x"]), MODEL, ".")


def made(rows: list[Row], max_rows: int = 3) -> list[Batch]:
    """Return the rows in batches."""
    return list(batches.batches(rows, encode, lambda: 0, max_rows))


def test_the_limits_are_those_of_the_service() -> None:
    assert (batches.MAX_ROWS, batches.MAX_BYTES) == (MAX_INSTANCES, MAX_BODY_BYTES)


def test_a_batch_of_a_wide_file_has_fewer_rows_for_its_cells_are_in_memory() -> None:
    assert [batches.rows_of_a_batch(10_000, columns) for columns in (1, 25, 26, 1_000_000)] == [
        10_000,
        10_000,
        9_615,
        1,
    ]
    assert batches.rows_of_a_batch(7, 25) == 7


def test_rows_are_divided_into_batches_in_their_order() -> None:
    found = made([Row(i, ["a", str(i)]) for i in range(7)])
    assert [[row.line for row in batch.rows] for batch in found] == [[0, 1, 2], [3, 4, 5], [6]]
    assert made([]) == []


def test_a_body_has_the_features_alone_without_empty_cells() -> None:
    (batch,) = made([Row(2, ["a", "1"]), Row(3, ["b", ""])])
    assert json.loads(body(batch.instances)) == {"instances": [{"x": 1.0}, {}]}  # type: ignore[arg-type]


def test_a_row_with_a_fault_is_not_encoded() -> None:
    assert encode(Row(2, [], "is short")) == "is short"


def test_bodies_are_as_large_as_the_limit_and_no_larger() -> None:
    cell = "a" * (batches.MAX_BYTES // 2 - len('{"x":"",}') - 8)
    found = made([Row(i, ["", cell]) for i in range(3)])
    assert [len(batch.rows) for batch in found] == [2, 1]
    assert batches.MAX_BYTES - 20 < len(body(found[0].instances)) <= batches.MAX_BYTES  # type: ignore[arg-type]


def test_a_row_that_is_larger_than_the_limit_is_rejected() -> None:
    assert encode(Row(2, ["", "a" * batches.MAX_BYTES])) == TOO_LARGE
    largest = "a" * (batches.MAX_BYTES - len('{"instances":[{"x":""}]}'))
    assert len(body([encode(Row(2, ["", largest]))])) == batches.MAX_BYTES  # type: ignore[list-item]
    assert encode(Row(2, ["", largest + "a"])) == TOO_LARGE
