"""The manifest's parts, put together: each is made by a module of its own, from the estimator and its training data."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from msgspec.structs import replace

from shared.model.manifest import Artifact, Instance, Manifest, Output, Training
from shared.model.runtimes import Runtime
from shared.model.runtimes.linear import LinearModel
from shared.model.runtimes.sklearn import SklearnModel
from tools.model import contract, deployed, examples, graph, linear, output, statistics
from tools.model.artifact import VERSION_DIGITS
from tools.model.contract import Words
from tools.model.data import Table
from tools.model.output import Bands
from tools.model.parity import Stays


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


class Complete(NamedTuple):
    """A whole manifest, and the content of the graph's file where the manifest names one."""

    manifest: Manifest
    graph: bytes = b""


def complete(of: Manifest, estimator: Any, table: Table, said: Said) -> Complete:
    """The draft with every part. Raises Refused."""
    found = contract.of(of, estimator, table, said.words, said.bands)
    statistics.tell_score(found, estimator, table)
    if said.held_out:
        found = replace(found, training=statistics.scored(found, estimator, said.held_out))
    found = replace(found, statistics=statistics.of(found, estimator, table))
    found, answering, content = _served(found, estimator, table)
    return Complete(replace(found, examples=examples.golden(found, answering, table, said.examples)), content)


def _served(found: Manifest, estimator: Any, table: Table) -> tuple[Manifest, Runtime, bytes]:
    """The manifest with what is served in the estimator's place, that itself, and the graph's content; says why not."""
    answering: Runtime = SklearnModel(found, estimator)
    content = b""
    deployed.admit(deployed.CONVERTER)
    try:
        content, onnx, answering = graph.of(found, estimator, table)
        found = replace(found, artifact=replace(found.artifact, onnx=onnx))
        print(f"Its ONNX graph answers as scikit-learn does, up to {onnx.difference:g}.")
    except Stays as reason:
        print(f"It is not served by onnxruntime: {reason}.")
    with suppress(Stays):  # most models are no weighted sum: nothing to tell
        weighted = linear.of(found, estimator, table)
        found, answering = replace(found, artifact=replace(found.artifact, linear=weighted)), LinearModel(weighted)
        print(f"It is a weighted sum of its features, up to {weighted.difference:g}.")
    return found, answering, content
