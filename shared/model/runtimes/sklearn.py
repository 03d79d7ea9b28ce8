"""The scikit-learn estimator itself, unpickled. It gets rows in the form that it was fitted on.

Unpickling runs code of the file, so the file's SHA-256 must equal the manifest's before.
"""

import io
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from shared.model import artifact
from shared.model.columns import Column, assemble, ignore_overflow
from shared.model.manifest import Artifact, Manifest
from shared.model.runtimes import Predicted, summarize
from shared.problems import InvalidInstances, ModelCorrupt, ModelVersionMismatch


class SklearnModel:
    """A fitted estimator or pipeline. Safe to use from several threads at once."""

    def __init__(self, manifest: Manifest, estimator: Any) -> None:
        self._manifest = manifest
        self._estimator = estimator

    def predict(self, columns: Sequence[Column], *, probabilities: bool = False) -> Predicted:
        """Return the predictions for some rows. Raises InvalidInstances for a value that the estimator refuses."""
        rows = assemble(self._manifest, columns)
        try:
            with ignore_overflow():
                predictions = self._estimator.predict(rows).ravel()
                by_class = self._estimator.predict_proba(rows).tolist() if probabilities else None
                summary = summarize(predictions) if self._manifest.kind == "regressor" else None
        except ValueError as error:  # 1e300 in a forest, which computes in float32
            raise InvalidInstances("The model takes no such values", reason=f"the estimator raised: {error}") from error
        return Predicted(predictions.tolist(), by_class, summary)


def load(folder: Path, manifest: Manifest) -> SklearnModel:
    """Return the manifest's estimator. Raises ModelUnavailable, ModelCorrupt or ModelVersionMismatch."""
    return SklearnModel(manifest, load_estimator(folder, manifest.artifact))


def load_estimator(folder: Path, described: Artifact) -> Any:
    """Return the estimator in an artifact's file. Raises ModelUnavailable, ModelCorrupt or ModelVersionMismatch."""
    content = artifact.read(folder / described.file, described.sha256)
    installed = version("scikit-learn")
    if installed.split(".")[:2] != described.scikit_learn.split(".")[:2]:
        raise ModelVersionMismatch(
            reason=f"trained with scikit-learn {described.scikit_learn}, but {installed} is installed"
        )
    return _unpickle(content)


def _unpickle(content: bytes) -> Any:
    """Unpickle the very bytes that were hashed: the file may have changed since."""
    import joblib  # noqa: PLC0415 - with scikit-learn it takes a second

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return joblib.load(io.BytesIO(content))
    except Exception as error:
        raise ModelCorrupt(reason=f"the model file cannot be loaded: {type(error).__name__}: {error}") from error
