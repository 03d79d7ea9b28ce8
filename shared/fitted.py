"""The estimator as scikit-learn has it: unpickled, and asked with rows in the form that it was fitted on.

Before anything is unpickled the file's SHA-256 must equal the manifest's: unpickling runs what the file says.
"""

import io
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from shared import artifacts, rows
from shared.manifest import Artifact, Manifest
from shared.problems import InvalidInstances, ModelCorrupt, ModelVersionMismatch
from shared.rows import Answers, Column


class Fitted:
    """A fitted estimator or pipeline. Safe from several threads at once."""

    def __init__(self, of: Manifest, estimator: Any) -> None:
        self._manifest = of
        self._estimator = estimator

    def answer(self, columns: Sequence[Column], *, probabilities: bool = False) -> Answers:
        """Its answers to some rows. Raises InvalidInstances for a value that it refuses, as 1e300 for a forest."""
        matrix = rows.assemble(self._manifest, columns)
        try:
            with rows.calm():
                predictions = self._estimator.predict(matrix).ravel()
                likely = self._estimator.predict_proba(matrix).tolist() if probabilities else None
                spread = rows.spread(predictions) if self._manifest.kind == "regressor" else None
        except ValueError as error:
            raise InvalidInstances("The model takes no such values", reason=f"the estimator says: {error}") from error
        return Answers(predictions.tolist(), likely, spread)


def estimator(folder: Path, artifact: Artifact) -> Any:
    """The estimator in `artifact`'s file. Raises ModelUnavailable, ModelCorrupt or ModelVersionMismatch."""
    content = artifacts.content(folder / artifact.file, artifact.sha256)
    installed = version("scikit-learn")
    if installed.split(".")[:2] != artifact.scikit_learn.split(".")[:2]:
        raise ModelVersionMismatch(
            reason=f"trained with scikit-learn {artifact.scikit_learn}, {installed} is installed"
        )
    return _unpickled(content)


def _unpickled(content: bytes) -> Any:
    """The very bytes that were hashed, unpickled: no second look at a file that may have changed."""
    import joblib  # noqa: PLC0415 - with scikit-learn it takes a second

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return joblib.load(io.BytesIO(content))
    except Exception as error:
        raise ModelCorrupt(reason=f"the model file cannot be loaded: {type(error).__name__}: {error}") from error
