"""The user's model file: read, unpickled, and refused in one line if the service could not load it.

Unpickling runs the code in the file. Pass only files that are trusted.
"""

import io
import re
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import joblib
from sklearn.exceptions import InconsistentVersionWarning

from shared.model.artifact import LFS_POINTER
from shared.model.manifest import APP
from tools.model import deployed
from tools.model.refused import Refused, one_line

OTHER_NAMES = {"imblearn": "imbalanced-learn", "skopt": "scikit-optimize", "sksurv": "scikit-survival"}
"""Import name → package name, for packages that have two names and may not be installed."""


class Loaded(NamedTuple):
    """An estimator, the bytes that it was loaded from, and the version of scikit-learn that trained it."""

    estimator: Any
    content: bytes
    scikit_learn: str


def load(path: Path) -> Loaded:
    """Return the estimator in `path`, a joblib or pickle file. Raises Refused."""
    content = _read(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            estimator = joblib.load(io.BytesIO(content))
        except Exception as error:
            _refuse_version(path, _version_in_warning(caught) or _version_in_pickle(content))
            raise Refused(_failure_message(path, error)) from error
    trained = _version_in_warning(caught) or version("scikit-learn")
    _refuse_version(path, trained)
    return Loaded(estimator, content, trained)


def missing_module_message(path: Path, module: str) -> str:
    """Return the message about a module that the model needs and the service would not have."""
    top = module.partition(".")[0]
    if top in deployed.packages():
        package = _package(top)
        return f"{path.name} needs {module}, which the installed {package} {version(package)} does not have."
    if _is_own(path, top):
        return (
            f"{path.name} needs your own module {module}: move it into the folder model/ "
            f"(model/{top}.py, imported as model.{top}), which is deployed, and train again."
        )
    return (
        f'{path.name} needs the package {_package(top)}: add "{_package(top)}" to dependencies in '
        "pyproject.toml, then run make generate."
    )


def script_class_message(path: Path, name: str) -> str:
    """Return the message about a class or function that only the training script had."""
    return (
        f"{path.name} needs {name} from the script that trained it: move it into a module in the folder model/ "
        "(such as model/steps.py, imported as model.steps), which is deployed, and train again."
    )


def _refuse_version(path: Path, trained: str) -> None:
    """Raise Refused if the major or minor version of `trained` is not that of the installed scikit-learn."""
    installed = version("scikit-learn")
    if trained and trained.split(".")[:2] != installed.split(".")[:2]:
        raise Refused(
            f"{path.name} was trained with scikit-learn {trained}, but {installed} is installed: train it again with "
            f'{installed}, or set "scikit-learn=={trained}" in pyproject.toml and run make generate.'
        )


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refused(f"The model file {path} cannot be read: {error.strerror}.") from error
    if content.startswith(LFS_POINTER):
        raise Refused(f"{path.name} is a git-lfs pointer: run git lfs pull.")
    return content


def _version_in_warning(caught: list[warnings.WarningMessage]) -> str:
    """Return the version in scikit-learn's own warning, which exists only if another version is installed."""
    messages = [warning.message for warning in caught if isinstance(warning.message, InconsistentVersionWarning)]
    return str(messages[0].original_sklearn_version) if messages else ""


def _version_in_pickle(content: bytes) -> str:
    """Return the version in an uncompressed pickle, for estimators that fail to load before there is a warning."""
    found = re.search(rb"_sklearn_version\x94?(?:X.{4}|\x8c.)(\d+\.\d+[\w.]*)", content, re.DOTALL)
    return found[1].decode() if found else ""


def _failure_message(path: Path, error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return missing_module_message(path, error.name)
    unknown = re.search(r"Can't get attribute '([^']+)' on <module '(?:[\w.]+[.])?__main__'", str(error))
    if unknown:
        return script_class_message(path, unknown[1])
    return f"{path.name} cannot be loaded as a joblib or pickle file: {one_line(error)}"


def _is_own(path: Path, top: str) -> bool:
    """Return true if `top` is a module beside the model, in the current folder, or in the project."""
    folders = (path.parent, Path.cwd(), APP)
    return any((folder / f"{top}.py").is_file() or (folder / top).is_dir() for folder in folders)


def _package(top: str) -> str:
    """Return the package with the top-level name `top`, as pyproject.toml names it."""
    return OTHER_NAMES.get(top) or deployed.distributions().get(top, [top])[0]
