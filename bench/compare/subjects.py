"""What is known of each row of the table before it is measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from bench.compare.formats import INSTANCES, Format


class Kind(Enum):
    """What a subject is in the comparison."""

    SERVICE = "service"
    PEER = "peer"
    FLOOR = "floor"


class Bearer(Enum):
    """The token that a server wants to see with each request."""

    NONE = "none"
    SIGNED = "signed"
    """Signed by this bench with the key that the server knows too."""
    LOGIN = "login"
    """Issued by the server's own `/token`."""


SIZES = (1_000, 10_000)
"""Rows of the batches."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One row of the table.

    In commands and settings `{python}`, `{bin}` and `{environment}` stand for the environment's Python, programs and
    folder, `{folder}` for the peer's sources, `{app}` for this project, `{port}`, `{grpc}` and `{metrics}` for free
    ports, and `{seconds}` for the time that a measurement takes.
    """

    name: str
    title: str
    kind: Kind
    environment: str
    """The folder in peers/ whose requirements it runs with."""
    command: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Server(Subject):
    """It answers over HTTP."""

    path: str = "/predict"
    format: Format = INSTANCES
    bearer: Bearer = Bearer.NONE
    settings: Mapping[str, str] = field(default_factory=dict)
    batches: bool = True
    prepared_by: tuple[str, ...] = ()
    """A command that makes what the server needs of the model, before it is started for the first time."""


@dataclass(frozen=True, kw_only=True)
class Program(Subject):
    """It runs and ends. Its time is a cold start, unless it prints rows per second for each size of batch."""

    prints_rates: bool = False
