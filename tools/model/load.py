"""The user's model file, recognised by its content: joblib or pickle in any compression, skops, an MLflow folder.

Loading runs the code in a pickle. Pass only files that are trusted. Any installed package may be imported here: if the
model is served by a graph, the service needs neither the package nor the file.
"""

import io
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import joblib
from sklearn.exceptions import InconsistentVersionWarning

from shared.model.artifact import LFS_POINTER
from tools.model import artifact, compression, mlflow_folder, modules, skops_file
from tools.model.refused import Refused, one_line

PICKLE = "joblib or pickle"


class Loaded(NamedTuple):
    """An estimator, the bytes that are deployed for it, and the version of scikit-learn that trained it."""

    estimator: Any
    content: bytes
    scikit_learn: str
    path: Path = Path(artifact.FILE)
    """The file, for messages."""


def load(path: Path, trusted: Sequence[str] = ()) -> Loaded:
    """Return the estimator in a file or an MLflow folder, and print what was recognised. Raises Refused.

    `trusted` are types that a skops file may contain beside those that skops trusts.
    """
    file = mlflow_folder.model_file(path) if path.is_dir() else path
    content = _read(file)
    form = skops_file.NAME if skops_file.is_skops(content) else PICKLE
    with warnings.catch_warnings(record=True) as caught, _own_modules(file):
        warnings.simplefilter("always")
        try:
            estimator = skops_file.load(file, content, trusted) if form == skops_file.NAME else _unpickle(content)
        except Refused:
            raise
        except Exception as error:
            _refuse_version(file, _version_in_warning(caught) or _version_in_file(content))
            raise Refused(_failure_message(file, form, error)) from error
    trained = _version_in_warning(caught) or version("scikit-learn")
    _refuse_version(file, trained)
    _print_recognised(path, form, content)
    return Loaded(estimator, _deployed_content(estimator, content, form), trained, file)


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refused(f"The model file {path} cannot be read: {error.strerror}.") from error
    if content.startswith(LFS_POINTER):
        raise Refused(f"{path.name} is a git-lfs pointer: run git lfs pull.")
    return content


def _unpickle(content: bytes) -> Any:
    return joblib.load(io.BytesIO(content))


@contextmanager
def _own_modules(path: Path) -> Iterator[None]:
    """Let the model's own modules be found beside its file. Installed packages go first."""
    before = list(sys.path)
    sys.path += map(str, modules.folders(path))
    try:
        yield
    finally:
        sys.path[:] = before


def _deployed_content(estimator: Any, content: bytes, form: str) -> bytes:
    """Return the bytes that the service can read: a pickle's own, unless joblib needs a package to unpack it."""
    if form == skops_file.NAME or content.startswith(compression.LZ4):
        return artifact.dump(estimator)[0]
    return content


def _print_recognised(path: Path, form: str, content: bytes) -> None:
    packed = compression.name(content)
    print(f"{path.name}: {'MLflow, ' * path.is_dir()}{form}{f', {packed}' * bool(packed)}.", flush=True)


def _refuse_version(path: Path, trained: str) -> None:
    """Raise Refused if the major or minor version of `trained` is not that of the installed scikit-learn."""
    installed = version("scikit-learn")
    if trained and trained.split(".")[:2] != installed.split(".")[:2]:
        raise Refused(
            f"{path.name} was trained with scikit-learn {trained}, but {installed} is installed: train it again with "
            f'{installed}, or set "scikit-learn=={trained}" in pyproject.toml and run make generate.'
        )


def _version_in_warning(caught: list[warnings.WarningMessage]) -> str:
    """Return the version in scikit-learn's own warning, which exists only if another version is installed."""
    messages = [warning.message for warning in caught if isinstance(warning.message, InconsistentVersionWarning)]
    return str(messages[0].original_sklearn_version) if messages else ""


def _version_in_file(content: bytes) -> str:
    """Return the version in a pickle or skops file, for estimators that fail to load before there is a warning."""
    if skops_file.is_skops(content):
        return skops_file.scikit_learn(content)
    pickled = compression.plain(content)
    found = re.search(rb"_sklearn_version\x94?(?:X.{4}|\x8c.)(\d+\.\d+[\w.]*)", pickled, re.DOTALL)
    return found[1].decode() if found else ""


def _failure_message(path: Path, form: str, error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return modules.not_found(path, error.name)
    if name := modules.name_in_the_script(str(error)):
        return modules.of_the_script(path, name)
    if "lz4" in str(error).lower():
        return f"{path.name} is compressed by lz4, which is not installed: save it with another compression."
    return f"{path.name} cannot be loaded as a {form} file: {one_line(error)}"
