"""The manifest's parts, put together: each is made by a module of its own, from the estimator and its training data."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from shared.manifest import Artifact, Instance, Manifest, Output, Training
from tools.model import contract, examples, output, statistics
from tools.model.artifact import VERSION_DIGITS
from tools.model.contract import Words
from tools.model.data import Table
from tools.model.output import Bands


class Said(NamedTuple):
    """What neither the estimator nor its data can tell."""

    words: Words = Words()
    bands: Bands = Bands()
    examples: Sequence[Instance] = ()
    held_out: Table | None = None


def draft(estimator: Any, artifact: Artifact, table: Table, *, name: str, target: str) -> Manifest:
    """A manifest with what is known at once; features and examples are still to come. Raises Refused."""
    return Manifest(
        name=name,
        version=artifact.sha256[:VERSION_DIGITS],
        kind=output.kind(estimator),
        features=(),
        output=Output(name=target),
        artifact=artifact,
        training=Training(data=table.source, rows=len(table.frame)),
        examples=(),
    )


def complete(of: Manifest, estimator: Any, table: Table, said: Said) -> Manifest:
    """The draft with every part. Raises Refused."""
    found = contract.of(of, estimator, table, said.words, said.bands)
    statistics.tell_score(found, estimator, table)
    if said.held_out:
        found = replace(found, training=statistics.scored(found, estimator, said.held_out))
    return replace(
        found,
        statistics=statistics.of(found, estimator, table),
        examples=examples.golden(found, estimator, table, said.examples),
    )
