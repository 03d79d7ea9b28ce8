"""The public view of a manifest, for GET /model: all that a client needs, and nothing that rebuilds the model.

A linear model's weights, and names, hashes and comparisons of the model's files, stay inside.
"""

import msgspec
from msgspec import Struct

from shared.model.manifest import Example, Feature, Manifest, Output, Statistics, Training


class PublicArtifact(Struct, frozen=True):
    """The estimator, for people."""

    estimator: str
    """Its class, or that of a pipeline's last step."""
    scikit_learn: str
    """The version that trained it."""
    runtime: str
    """The library that computes predictions: numpy, onnxruntime or scikit-learn."""


class PublicManifest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that clients may know of the model."""

    name: str
    version: str
    description: str = ""
    kind: str
    features: tuple[Feature, ...]
    output: Output
    artifact: PublicArtifact
    training: Training
    statistics: Statistics = Statistics()
    examples: tuple[Example, ...]


def encode(manifest: Manifest) -> bytes:
    """Return the public view as JSON."""
    artifact = manifest.artifact
    view = PublicManifest(
        name=manifest.name,
        version=manifest.version,
        description=manifest.description,
        kind=manifest.kind,
        features=manifest.features,
        output=manifest.output,
        artifact=PublicArtifact(artifact.estimator, artifact.scikit_learn, artifact.runtime),
        training=manifest.training,
        statistics=manifest.statistics,
        examples=manifest.examples,
    )
    return msgspec.json.encode(view)
