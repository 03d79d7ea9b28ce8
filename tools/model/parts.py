"""The manifest's parts, put together. Each part has its own module, and uses the estimator and its training data."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from msgspec.structs import replace

from shared.model.manifest import Artifact, Instance, Manifest, Output, Training
from shared.model.runtimes import Runtime
from shared.model.runtimes.linear import LinearModel
from shared.model.runtimes.sklearn import SklearnModel
from tools.model import contract, examples, graph, linear, output, row_form, score, speed, statistics
from tools.model.artifact import VERSION_DIGITS
from tools.model.choices import NO_CHOICES, Choices
from tools.model.contract import Texts
from tools.model.data import Table
from tools.model.output import Edges
from tools.model.parity import NotServed
from tools.model.speed import Speed


class Options(NamedTuple):
    """Parts of a manifest that are in neither the estimator nor its data."""

    texts: Texts = Texts()
    edges: Edges = Edges()
    examples: Sequence[Instance] = ()
    held_out: Table | None = None
    choices: Choices = NO_CHOICES
    anyway: bool = False
    """True to adopt a model whose score shows that the data is not its own."""


class Serving(NamedTuple):
    """What the owner reads about the runtime, and the manifest does not have."""

    speed: Speed
    reason: str = ""
    """Why there is no graph."""


class Complete(NamedTuple):
    """A complete manifest, and the content of the graph's file if the manifest names one."""

    manifest: Manifest
    serving: Serving
    graph: bytes = b""


class Served(NamedTuple):
    """A manifest that names its runtime, that runtime, and the content of the graph's file, or why there is none."""

    manifest: Manifest
    runtime: Runtime
    graph: bytes = b""
    reason: str = ""


def draft(estimator: Any, artifact: Artifact, table: Table, *, name: str, target: str) -> Manifest:
    """Return a manifest without features and examples, which follow later. Raises Refused."""
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


def complete(draft: Manifest, estimator: Any, table: Table, options: Options) -> Complete:
    """Return the draft with every part. Raises Refused."""
    manifest = contract.build(draft, estimator, table, options.texts, options.edges, chosen=options.choices)
    score.check(manifest, estimator, table, anyway=options.anyway)
    if options.held_out:
        manifest = replace(manifest, training=score.training(manifest, estimator, options.held_out))
    manifest = replace(manifest, statistics=statistics.compute(manifest, estimator, table))
    served = _with_weights(_with_graph(manifest, estimator, table), estimator, table)
    golden = examples.golden(served.manifest, served.runtime, table, options.examples)
    row = examples.columns(manifest.features, [golden[0].instance])
    serving = Serving(speed.measure(served.manifest, served.runtime, estimator, row), served.reason)
    return Complete(replace(served.manifest, examples=golden), serving, served.graph)


def _with_graph(manifest: Manifest, estimator: Any, table: Table) -> Served:
    """Return the manifest with an ONNX graph if it predicts the same as the estimator, else the reason."""
    try:
        written = graph.build(manifest, estimator, table)
    except NotServed as reason:
        manifest = row_form.with_arrays(manifest, estimator, table)
        return Served(manifest, SklearnModel(manifest, estimator), reason=str(reason))
    artifact = replace(manifest.artifact, onnx=written.onnx)
    return Served(replace(manifest, artifact=artifact), written.graph, written.content)


def _with_weights(served: Served, estimator: Any, table: Table) -> Served:
    """Return the manifest with a weighted sum if it predicts the same."""
    with suppress(NotServed):
        weighted = linear.build(served.manifest, estimator, table)
        artifact = replace(served.manifest.artifact, linear=weighted)
        return Served(replace(served.manifest, artifact=artifact), LinearModel(weighted), served.graph)
    return served
