"""Remove the files of the dependencies that no deployed process reads.

Licences stay, and type stubs too: packages that load lazily read theirs at run time. Shared libraries are not stripped:
that breaks libraries that the wheel's build has patched.
"""

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

TESTS = frozenset({"test", "tests"})
BUILD_INPUTS = frozenset({".a", ".c", ".cpp", ".f", ".f90", ".h", ".pxd", ".pxi", ".pyf", ".pyx", ".tp"})
# RECORD would list pruned files, and the hashes of scripts that contain a path of this machine.
INSTALLER_FILES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", ".lock"})


def prune(folder: Path) -> Mapping[str, int]:
    """Remove the unused files from a site-packages folder. Returns the bytes removed of each kind."""
    freed: Counter[str] = Counter()
    for parent, folders, names in folder.walk():
        for path in [parent / name for name in (*folders, *names)]:
            if unused := kind(path, folder):
                freed[unused] += size(path)
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        folders[:] = [name for name in folders if (parent / name).exists()]
    return dict(freed)


def kind(path: Path, folder: Path) -> str | None:
    """Return the kind of an unused file or folder in the site-packages `folder`; None for one that is used."""
    if path.is_dir():
        return "tests" if path.name in TESTS else "scripts" if path == folder / "bin" else None
    if path.suffix in BUILD_INPUTS:
        return "build inputs"
    is_metadata = path.parent == folder or path.parent.suffix == ".dist-info"
    return "installer files" if is_metadata and path.name in INSTALLER_FILES else None


def size(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())
