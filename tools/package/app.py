"""The project's own part of the package: the functions, the code they share, and the model.

The parts are named here, so that other files in the project's folder are not deployed by accident. `.funcignore` leaves
the developers' files out of these folders.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.errors import PackageError

FILES = ("function_app.py", "host.json", "requirements.txt")
CODE = "shared"
MODEL = "model"
MODEL_SUFFIXES = frozenset({".joblib", ".json", ".onnx", ".pickle", ".pkl", ".py"})
"""Estimators, manifests and their code. Training data in model/ are not deployed."""
BUILD = "BUILD_ID"
"""Variable and file: the name of the build, a commit for example. Without the variable there is no file."""
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1"


def copy(root: Path, folder: Path) -> Sequence[Path]:
    """Copy the deployed files of the project in `root` to `folder`. Returns the files of model/ that were left out.

    Raises PackageError when a file is missing, or is only a git-lfs pointer.
    """
    missing = [name for name in (*FILES, CODE, MODEL) if not (root / name).exists()]
    if missing:
        raise PackageError(f"There is no {missing[0]} in {root}.")
    model = files(root, MODEL)
    deployed = [path for path in model if path.suffix in MODEL_SUFFIXES]
    refuse_pointers(root, deployed)
    for path in (*map(Path, FILES), *files(root, CODE), *deployed):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / path, target)
    if build := os.environ.get(BUILD):
        (folder / BUILD).write_text(build, encoding="utf-8")
    return [path for path in model if path not in deployed]


def files(root: Path, name: str) -> Sequence[Path]:
    """Return the files of one of the project's folders, relative to `root`, without byte code and hidden files."""
    ignored = set(ignored_by_func(root))
    paths = (path.relative_to(root) for path in sorted((root / name).rglob("*")) if path.is_file())
    return [
        path
        for path in paths
        if ignored.isdisjoint((path, *path.parents))
        and "__pycache__" not in path.parts
        and not any(part.startswith(".") for part in path.parts)
    ]


def ignored_by_func(root: Path) -> Iterable[Path]:
    """Yield the paths in `.funcignore`, relative to the project. It has no wildcards; a test checks that."""
    path = root / ".funcignore"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        if line.startswith("/"):
            yield Path(line[1:])


def refuse_pointers(root: Path, paths: Iterable[Path]) -> None:
    """Raise PackageError when one of the files was not fetched from git-lfs."""
    for path in paths:
        with (root / path).open("rb") as file:
            if file.read(len(LFS_POINTER)) == LFS_POINTER:
                raise PackageError(f"{path} is a git-lfs pointer: run `git lfs pull`.")
