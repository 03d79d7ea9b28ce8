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
VERSION_DIGITS = 12  # of the SHA-256: the model's version unless it is given one


def dump(estimator: Any) -> tuple[bytes, str]:
    """The estimator as joblib writes it, uncompressed, and the scikit-learn that trained it. Same training, same bytes.

    Raises Refused when it cannot be saved, or needs code that is not deployed.
    """
    stream = io.BytesIO()
    try:
        joblib.dump(estimator, stream)
        _refuse_undeployed(estimator)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise Refused(f"The model cannot be saved: {one_line(error)}") from error
    return stream.getvalue(), version("scikit-learn")


def describe(content: bytes, estimator: Any, scikit_learn: str) -> Artifact:
    """What the manifest says of the artifact. How rows reach it is found out later."""
    sha256 = hashlib.sha256(content).hexdigest()
    return Artifact(file=FILE, sha256=sha256, estimator=_innermost(estimator), scikit_learn=scikit_learn)


def _innermost(estimator: Any) -> str:
    """The class's name; in a pipeline or a search that of the estimator which answers."""
    while True:
        if steps := getattr(estimator, "steps", None):
            estimator = steps[-1][1]
        elif (best := getattr(estimator, "best_estimator_", None)) is not None:
            estimator = best
        else:
            return type(estimator).__name__


class _Names(pickle.Unpickler):
    """Loads a pickle and notes where its classes and functions come from."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.found: set[tuple[str, str]] = set()

    def find_class(self, module: str, name: str, /) -> Any:
        self.found.add((module, name))
        return super().find_class(module, name)


def _refuse_undeployed(estimator: Any) -> None:
    """A model from train.py is in memory already, so its pickle is read to see what the service would import."""
    names = _Names(io.BytesIO(pickle.dumps(estimator)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names.load()
    for module, name in sorted(names.found):
        if module == "__main__":
            raise Refused(load.script_class(Path(FILE), name))
        if module.partition(".")[0] not in deployed.packages() | deployed.OWN:
            raise Refused(load.missing(Path(FILE), module))
