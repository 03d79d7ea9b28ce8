"""What the dependencies bring along and no deployed process reads.

Licences stay, and so do type stubs: packages that load lazily read theirs at run time. Shared libraries are not
stripped: that breaks those which a wheel's builder has patched.
"""

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

TESTS = frozenset({"test", "tests"})
BUILD_INPUTS = frozenset({".a", ".c", ".cpp", ".f", ".f90", ".h", ".pxd", ".pxi", ".pyf", ".pyx", ".tp"})
# RECORD would list what was pruned, and the hashes of scripts that hold a path of this machine.
INSTALLERS_NOTES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", ".lock"})


def prune(folder: Path) -> Mapping[str, int]:
    """Remove the dead weight from a site-packages folder; returns how many bytes of each kind that was."""
    freed: Counter[str] = Counter()
    for parent, folders, names in folder.walk():
        for path in [parent / name for name in (*folders, *names)]:
            if dead := kind(path, folder):
                freed[dead] += size(path)
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        folders[:] = [name for name in folders if (parent / name).exists()]
    return dict(freed)


def kind(path: Path, folder: Path) -> str | None:
    """Which kind of dead weight a file or folder in the site-packages `folder` is; None when it is none."""
    if path.is_dir():
        return "tests" if path.name in TESTS else "scripts" if path == folder / "bin" else None
    if path.suffix in BUILD_INPUTS:
        return "build inputs"
    noted = path.parent == folder or path.parent.suffix == ".dist-info"
    return "installer's notes" if noted and path.name in INSTALLERS_NOTES else None


def size(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    return sum(each.stat().st_size for each in (path, *path.rglob("*")) if each.is_file())
