"""The user's file: read, unpickled, and refused in one line when the service could not load it.

Unpickling runs what the file says. Only a file that is trusted may come here.
"""

import io
import re
import warnings
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any, NamedTuple

import joblib
from sklearn.exceptions import InconsistentVersionWarning

from shared.model.artifact import LFS_POINTER
from shared.model.manifest import APP
from tools.model import deployed
from tools.model.refused import Refused, one_line

NAMED_OTHERWISE = {"imblearn": "imbalanced-learn", "skopt": "scikit-optimize", "sksurv": "scikit-survival"}
"""Import name → package name, where they differ and the package may not be installed."""


class Loaded(NamedTuple):
    """An estimator, the bytes that it was loaded from, and the scikit-learn that trained it."""

    estimator: Any
    content: bytes
    scikit_learn: str


def load(path: Path) -> Loaded:
    """The estimator in `path`, a joblib or pickle file. Raises Refused."""
    content = _content(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            estimator = joblib.load(io.BytesIO(content))
        except Exception as error:
            refuse_version(path, _warned(caught) or _recorded(content))
            raise Refused(_why(path, error)) from error
    trained = _warned(caught) or version("scikit-learn")
    refuse_version(path, trained)
    return Loaded(estimator, content, trained)


def refuse_version(path: Path, trained: str) -> None:
    """Raises Refused when `trained` is another major or minor scikit-learn than the installed one."""
    installed = version("scikit-learn")
    if trained and trained.split(".")[:2] != installed.split(".")[:2]:
        raise Refused(
            f"{path.name} was trained with scikit-learn {trained}, {installed} is installed: train it again with "
            f'{installed}, or set "scikit-learn=={trained}" in pyproject.toml and run make generate.'
        )


def missing(path: Path, module: str) -> str:
    """What to do about a module that the model needs and the service would not have."""
    top = module.partition(".")[0]
    if top in deployed.packages():
        package = _distribution(top)
        return f"{path.name} needs {module}, which the installed {package} {version(package)} does not have."
    if _is_own(path, top):
        return (
            f"{path.name} needs your own module {module}: move it into the folder model/ "
            f"(model/{top}.py, imported as model.{top}), which is deployed, and train again."
        )
    return (
        f'{path.name} needs the package {_distribution(top)}: add "{_distribution(top)}" to dependencies in '
        "pyproject.toml, then run make generate."
    )


def script_class(path: Path, name: str) -> str:
    """What to do about a class or function that only the training script knew."""
    return (
        f"{path.name} needs {name} from the script that trained it: move it into a module in the folder model/ "
        "(such as model/steps.py, imported as model.steps), which is deployed, and train again."
    )


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refused(f"The model file {path} cannot be read: {error.strerror}.") from error
    if content.startswith(LFS_POINTER):
        raise Refused(f"{path.name} is a git-lfs pointer: run git lfs pull.")
    return content


def _warned(caught: list[warnings.WarningMessage]) -> str:
    """The version in scikit-learn's own warning, which comes only when it is another than the installed one."""
    found = [each.message for each in caught if isinstance(each.message, InconsistentVersionWarning)]
    return str(found[0].original_sklearn_version) if found else ""


def _recorded(content: bytes) -> str:
    """The version as it stands in an uncompressed pickle: for estimators that fail to load before the warning comes."""
    found = re.search(rb"_sklearn_version\x94?(?:X.{4}|\x8c.)(\d+\.\d+[\w.]*)", content, re.DOTALL)
    return found[1].decode() if found else ""


def _why(path: Path, error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return missing(path, error.name)
    unknown = re.search(r"Can't get attribute '([^']+)' on <module '(?:[\w.]+[.])?__main__'", str(error))
    if unknown:
        return script_class(path, unknown[1])
    return f"{path.name} cannot be loaded as a joblib or pickle file: {one_line(error)}"


def _is_own(path: Path, top: str) -> bool:
    """Whether `top` is a module beside the model, in the current folder, or in the project."""
    folders = (path.parent, Path.cwd(), APP)
    return any((folder / f"{top}.py").is_file() or (folder / top).is_dir() for folder in folders)


def _distribution(top: str) -> str:
    """The package that brings the top-level name `top`, as pyproject.toml would name it."""
    return NAMED_OTHERWISE.get(top) or packages_distributions().get(top, [top])[0]
