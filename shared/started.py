"""What a process says of itself once, in the `started` event: versions, settings, and what the model was trained on.

With it the dashboards tell what changed, and compare answers with the training data.
"""

import json
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version

from shared import manifest, settings
from shared.manifest import Manifest, Number
from shared.problems import Problem


def facts() -> Mapping[str, str]:
    """The event's properties. Takes milliseconds: not for the event loop."""
    told = settings.current()
    return {
        "build": told.build_id,
        "python": platform.python_version(),
        "scikit_learn": version("scikit-learn"),
        "settings_hash": told.fingerprint(),
        **_model(),
    }


def _model() -> Mapping[str, str]:
    """What the manifest says; nothing when it cannot be read, which `/health/ready` tells."""
    try:
        of = manifest.current()
    except Problem:
        return {}
    told = {"model_name": of.name, "model_version": of.version, "model_kind": of.kind}
    return {**told, "model_runtime": of.artifact.runtime, **dict(_training(of))}


def _training(of: Manifest) -> Iterator[tuple[str, str]]:
    """The training data's shape, a property per feature: one for all could be longer than a property may be."""
    for feature in of.features:
        if isinstance(feature, Number):
            yield f"range_{feature.name}", _json(feature.range)
    for name, quantiles in of.statistics.quantiles.items():
        yield f"quantiles_{name}", _json(quantiles)
    for name, shares in of.statistics.shares.items():
        yield f"shares_{name}", _json(shares)
    if of.statistics.prediction_quantiles:
        yield "prediction_quantiles", _json(of.statistics.prediction_quantiles)
    if of.statistics.prediction_shares:
        yield "prediction_shares", _json(of.statistics.prediction_shares)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
