"""The artifact: the estimator's bytes, their SHA-256, and the check that the service can load them."""

import hashlib
import io
import pickle
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib

from shared.model.manifest import Artifact
from tools.model import deployed, load
from tools.model.refused import Refused, one_line

FILE = "slr.joblib"
VERSION_DIGITS = 12  # of the SHA-256: the default version of a model


def dump(estimator: Any) -> tuple[bytes, str]:
    """Return the estimator as joblib writes it, uncompressed, and the version of scikit-learn.

    The same training leads to the same bytes. Raises Refused if the estimator cannot be saved, or needs code that is
    not deployed.
    """
    stream = io.BytesIO()
    try:
        joblib.dump(estimator, stream)
        _refuse_undeployed(estimator)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise Refused(f"The model cannot be saved: {one_line(error)}") from error
    return stream.getvalue(), version("scikit-learn")


def describe(content: bytes, estimator: Any, scikit_learn: str) -> Artifact:
    """Return the manifest's description of the artifact. The kind of rows is set later, by the contract."""
    sha256 = hashlib.sha256(content).hexdigest()
    return Artifact(file=FILE, sha256=sha256, estimator=_class_name(estimator), scikit_learn=scikit_learn)


def _class_name(estimator: Any) -> str:
    """Return the class name of the estimator that predicts: the last step of a pipeline, the best one of a search."""
    while True:
        if steps := getattr(estimator, "steps", None):
            estimator = steps[-1][1]
        elif (best := getattr(estimator, "best_estimator_", None)) is not None:
            estimator = best
        else:
            return type(estimator).__name__


class _ImportRecorder(pickle.Unpickler):
    """Loads a pickle and records the modules and names that it imports."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.imported: set[tuple[str, str]] = set()

    def find_class(self, module: str, name: str, /) -> Any:
        self.imported.add((module, name))
        return super().find_class(module, name)


def _refuse_undeployed(estimator: Any) -> None:
    """Raise Refused if the service could not import a module of the estimator.

    An estimator from train.py is in memory already, so it is pickled and loaded again to see its imports.
    """
    recorder = _ImportRecorder(io.BytesIO(pickle.dumps(estimator)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recorder.load()
    for module, name in sorted(recorder.imported):
        if module == "__main__":
            raise Refused(load.script_class_message(Path(FILE), name))
        if module.partition(".")[0] not in deployed.packages() | deployed.OWN:
            raise Refused(load.missing_module_message(Path(FILE), module))
