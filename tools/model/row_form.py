"""Arrays in place of data frames, for an estimator that scikit-learn serves: a frame takes 0.3 ms of each request."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from shared.model.manifest import Manifest
from shared.model.runtimes import Predicted
from shared.model.runtimes.sklearn import SklearnModel
from tools.model import parity, probe, rows
from tools.model.data import Table, sample
from tools.model.differences import Rows, by_row

MAX_ROWS = 1_000


def with_arrays(manifest: Manifest, estimator: Any, table: Table) -> Manifest:
    """Return the manifest with arrays as rows if the estimator predicts from them what it predicts from data frames."""
    if manifest.artifact.rows != "frame":
        return manifest
    candidate = probe.with_row_kind(manifest, "array")
    frames, arrays = SklearnModel(manifest, estimator), SklearnModel(candidate, estimator)
    same = all(_same(manifest, frames, arrays, part) for part in _parts(manifest, table))
    return candidate if same else manifest


def _parts(manifest: Manifest, table: Table) -> Iterator[Rows]:
    """Yield some rows of the data one by one, then many, random ones, and those with missing and with new values."""
    features = manifest.features
    data = sample(table, features, MAX_ROWS).columns(features)
    random = rows.random(features, MAX_ROWS)
    for part in (data, random):
        yield from ([column[i : i + 1] for column in part] for i in range(min(parity.SINGLE_ROWS, len(part[0]))))
    yield from (part for part in (data, random, rows.incomplete(features, random)) if len(part[0]))


def _same(manifest: Manifest, frames: SklearnModel, arrays: SklearnModel, columns: Rows) -> bool:
    """Return true if both predict the same for some rows, or both fail."""
    shares = manifest.output.probabilities
    expected, actual = _predict(frames, columns, shares), _predict(arrays, columns, shares)
    if expected is None or actual is None:
        return expected is actual
    scale = float(np.max(np.abs(expected.predictions))) if manifest.kind == "regressor" else 0.0
    return bool((by_row(manifest, scale, expected, actual) <= parity.TOLERANCE).all())


def _predict(model: SklearnModel, columns: Rows, probabilities: bool) -> Predicted | None:
    """Return the predictions, or None where the estimator fails."""
    try:
        return model.predict(columns, probabilities=probabilities)
    except Exception:
        return None
