"""The artifact: the estimator's bytes and their SHA-256."""

import hashlib
import io
import pickle
from importlib.metadata import version
from typing import Any

import joblib

from shared.model.manifest import Artifact
from tools.model.refused import Refused, one_line

FILE = "slr.joblib"
VERSION_DIGITS = 12  # of the SHA-256: the default version of a model


def dump(estimator: Any) -> tuple[bytes, str]:
    """Return the estimator as joblib writes it, uncompressed, and the version of scikit-learn.

    The same training leads to the same bytes. Raises Refused if the estimator cannot be saved.
    """
    stream = io.BytesIO()
    try:
        joblib.dump(estimator, stream)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise Refused(f"The model cannot be saved: {one_line(error)}") from error
    return stream.getvalue(), version("scikit-learn")


def describe(content: bytes, estimator: Any, scikit_learn: str) -> Artifact:
    """Return the manifest's description of the artifact. The kind of rows is set later, by the contract."""
    sha256 = hashlib.sha256(content).hexdigest()
    return Artifact(file=FILE, sha256=sha256, estimator=final_class(estimator), scikit_learn=scikit_learn)


def final_class(estimator: Any) -> str:
    """Return the class name of the estimator that predicts: the last step of a pipeline, the best one of a search."""
    while True:
        if steps := getattr(estimator, "steps", None):
            estimator = steps[-1][1]
        elif (best := getattr(estimator, "best_estimator_", None)) is not None:
            estimator = best
        else:
            return type(estimator).__name__
