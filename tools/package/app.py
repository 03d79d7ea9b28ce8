"""The project's own part of the package: the functions, what they share, and the model.

Named, not searched for: what lies about in the project's folder is not deployed by accident. `.funcignore` takes the
developers' files out of the named folders.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.package.errors import PackageError

FILES = ("function_app.py", "host.json", "requirements.txt")
CODE = "shared"
MODEL = "model"
MODEL_SUFFIXES = frozenset({".joblib", ".json", ".onnx", ".pickle", ".pkl", ".py"})
"""Estimators, manifests and their code; training data may lie beside them and stays here."""
BUILD = "BUILD_ID"
"""Variable and file: what the build is called, a commit for example. Without it the package does not say."""
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1"


def copy(root: Path, folder: Path) -> Sequence[Path]:
    """Copy what is deployed of the project in `root` to `folder`; returns what was left out of model/.

    Raises PackageError when a file is missing, or is only git-lfs's pointer to one.
    """
    missing = [name for name in (*FILES, CODE, MODEL) if not (root / name).exists()]
    if missing:
        raise PackageError(f"There is no {missing[0]} in {root}.")
    model = files(root, MODEL)
    deployed = [each for each in model if each.suffix in MODEL_SUFFIXES]
    refuse_pointers(root, deployed)
    for each in (*map(Path, FILES), *files(root, CODE), *deployed):
        target = folder / each
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / each, target)
    if build := os.environ.get(BUILD):
        (folder / BUILD).write_text(build, encoding="utf-8")
    return [each for each in model if each not in deployed]


def files(root: Path, name: str) -> Sequence[Path]:
    """The files of one of the project's folders, relative to `root`, without byte code and hidden ones."""
    ignored = set(ignored_by_func(root))
    found = (path.relative_to(root) for path in sorted((root / name).rglob("*")) if path.is_file())
    return [
        each
        for each in found
        if each not in ignored
        and "__pycache__" not in each.parts
        and not any(part.startswith(".") for part in each.parts)
    ]


def ignored_by_func(root: Path) -> Iterable[Path]:
    """What `.funcignore` names, relative to the project: it has no wildcards, a test holds that."""
    path = root / ".funcignore"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        if line.startswith("/"):
            yield Path(line[1:])


def refuse_pointers(root: Path, paths: Iterable[Path]) -> None:
    """Raise PackageError when one of the files was not fetched from git-lfs."""
    for each in paths:
        with (root / each).open("rb") as file:
            if file.read(len(LFS_POINTER)) == LFS_POINTER:
                raise PackageError(f"{each} is a git-lfs pointer: run `git lfs pull`.")
