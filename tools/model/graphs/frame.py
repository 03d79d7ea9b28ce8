"""Rows on their way through a pipeline: a list of columns, each a place in a tensor."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self

from tools.model.graphs.tensor import Tensor, concat


class Unsupported(Exception):
    """No graph is written for an estimator. The message is the reason, and is printed after a colon."""


@dataclass(frozen=True)
class Column:
    """One column of a tensor of shape (rows, width)."""

    tensor: Tensor
    position: int
    values: tuple[Any, ...] | None = None
    """Of categories: a value's place is its code in the tensor. len(values) is the code of an unknown value, and
    len(values) + 1 that of a missing one. None for numbers."""
    unknown: bool = False
    """True when a row may have a category that is not among the values."""
    missing: bool = False
    """True when a row may lack a category."""
    checked: bool = False
    """True when no number is infinite, or NaN where the estimator refuses it: the service or a table sees to that."""
    name: str = ""

    @property
    def vector(self) -> Tensor:
        """The column, shape (rows, 1)."""
        return self.tensor.columns([self.position])


@dataclass(frozen=True)
class Frame:
    """Columns in the order in which an estimator gets them."""

    columns: tuple[Column, ...]

    @classmethod
    def from_tensor(cls, tensor: Tensor, width: int, *, checked: bool = False) -> Self:
        """Return all columns of a tensor of numbers with this width."""
        tensor = tensor.wide(width)
        return cls(tuple(Column(tensor, i, checked=checked) for i in range(width)))

    @classmethod
    def join(cls, frames: "Iterable[Frame]") -> Self:
        """Return the columns of all frames side by side."""
        return cls(tuple(column for frame in frames for column in frame.columns))

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def numeric(self) -> bool:
        """True when every column is numbers."""
        return all(column.values is None for column in self.columns)

    @property
    def checked(self) -> bool:
        """True when every column is."""
        return all(column.checked for column in self.columns)

    def select(self, positions: Iterable[int]) -> "Frame":
        """Return some columns."""
        return Frame(tuple(self.columns[i] for i in positions))

    def matrix(self) -> Tensor:
        """Return the columns as numbers, shape (rows, columns). Raises Unsupported when one is a category."""
        if not self.columns:
            raise Unsupported("a step gets no columns")
        if not self.numeric:
            raise Unsupported("a category reaches the estimator without an encoder")
        return gather(self.columns)

    @property
    def graph(self) -> Any:
        """The graph of the columns."""
        return self.columns[0].tensor.graph


def gather(columns: Sequence[Column]) -> Tensor:
    """Return columns as one tensor of shape (rows, len(columns))."""
    parts = []
    for _, group in groupby(columns, key=lambda column: column.tensor.name):
        run = list(group)
        positions = [column.position for column in run]
        tensor = run[0].tensor
        parts.append(tensor if positions == list(range(tensor.width)) else tensor.columns(positions))
    return concat(parts).wide(len(columns))
