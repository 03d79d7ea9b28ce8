"""Rows as the bodies of requests, within the service's limits."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from tools.score.columns import Field
from tools.score.model import Model
from tools.score.source import Row
from tools.score.values import converters

MAX_ROWS = 10_000
MAX_CELLS = 250_000  # of a batch in memory, some 20 MB, and there are five of them
MAX_BYTES = 10 * 1024 * 1024
START, END = b'{"instances":[', b"]}"
TOO_LARGE = "is too large for one request"

type Encoded = bytes | str
"""An instance as JSON, or the reason why its row cannot be sent."""
type Encode = Callable[[Row], Encoded]


class Batch(NamedTuple):
    """Rows of one request."""

    rows: Sequence[Row]
    instances: Sequence[Encoded]
    position: int
    """How much of the input was read with them."""


def encoder(fields: Sequence[Field], model: Model, decimal: str) -> Encode:
    """Return the function that encodes a row. Empty cells are left out: a feature store may have their values."""
    converts = converters([field.feature for field in fields], model, decimal)
    columns = [(field.position, field.feature.name, convert) for field, convert in zip(fields, converts, strict=True)]
    to_json = msgspec.json.Encoder().encode

    def encode(row: Row) -> Encoded:
        if row.fault:
            return row.fault
        cells = row.cells
        instance = {name: value for at, name, convert in columns if (value := convert(cells[at])) is not None}
        encoded = to_json(instance)
        return encoded if len(encoded) + len(START) + len(END) <= MAX_BYTES else TOO_LARGE

    return encode


def batches(rows: Iterable[Row], encode: Encode, position: Callable[[], int], max_rows: int) -> Iterator[Batch]:
    """Yield the rows in batches of at most `max_rows` and 10 MiB."""
    batch: list[Row] = []
    instances: list[Encoded] = []
    size = len(START) + len(END)
    for row in rows:
        encoded = encode(row)
        if len(batch) == max_rows or (size + len(encoded) + 1 > MAX_BYTES and batch):
            yield Batch(batch, instances, position())
            batch, instances, size = [], [], len(START) + len(END)
        batch.append(row)
        instances.append(encoded)
        size += len(encoded) + 1
    if batch:
        yield Batch(batch, instances, position())


def rows_of_a_batch(requested: int, columns: int) -> int:
    """Return how many rows a batch may have: fewer of a wide file."""
    return max(1, min(requested, MAX_CELLS // columns))


def body(instances: Iterable[bytes]) -> bytes:
    """Return the body of a request."""
    return START + b",".join(instances) + END
