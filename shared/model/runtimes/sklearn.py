"""The scikit-learn estimator itself, unpickled. It gets rows in the form that it was fitted on.

Unpickling runs code of the file, so the file's SHA-256 must equal the manifest's before.
"""

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
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
        use_one_job(estimator)
        # Adoption compared arrays with data frames: the names do not matter where it chose arrays.
        warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)

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
    model = SklearnModel(manifest, load_estimator(folder, manifest.artifact))
    _use_one_thread()
    return model


def load_estimator(folder: Path, described: Artifact) -> Any:
    """Return the estimator in an artifact's file. Raises ModelUnavailable, ModelCorrupt or ModelVersionMismatch."""
    content = artifact.read(folder / described.file, described.sha256)
    installed = version("scikit-learn")
    if installed.split(".")[:2] != described.scikit_learn.split(".")[:2]:
        raise ModelVersionMismatch(
            reason=f"trained with scikit-learn {described.scikit_learn}, but {installed} is installed"
        )
    return _unpickle(content)


def use_one_job(estimator: Any) -> None:
    """Set n_jobs to 1 in an estimator and all inside it.

    Starting jobs takes 20 ms for one row of a forest, and parallel trees are added in any order, which rounds
    differently.
    """
    for member in _members(estimator, set()):
        if getattr(member, "n_jobs", None) is not None:
            member.n_jobs = 1


def _members(value: Any, seen: set[int]) -> Iterator[Any]:
    """Yield the estimators in a value: itself, and those in its attributes, lists and dicts."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if hasattr(value, "get_params") and not isinstance(value, type):
        yield value
        inside: Sequence[Any] = list(getattr(value, "__dict__", {}).values())
    elif isinstance(value, Mapping):
        inside = list(value.values())
    elif isinstance(value, (list, tuple)) or getattr(getattr(value, "dtype", None), "hasobject", False):
        inside = list(value)
    else:
        return
    for member in inside:
        yield from _members(member, seen)


def _use_one_thread() -> None:
    """Bound the threads of BLAS and OpenMP in this process: requests share the cores, not their matrices."""
    import threadpoolctl  # noqa: PLC0415 - comes with scikit-learn, and is needed with it only

    threadpoolctl.threadpool_limits(1)


def _unpickle(content: bytes) -> Any:
    """Unpickle the very bytes that were hashed: the file may have changed since."""
    import joblib  # noqa: PLC0415 - with scikit-learn it takes a second

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return joblib.load(io.BytesIO(content))
    except Exception as error:
        raise ModelCorrupt(reason=f"the model file cannot be loaded: {type(error).__name__}: {error}") from error
