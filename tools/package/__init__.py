"""Makes dist/egl-ml.zip, all that is deployed, and the same as a folder that func tools publish as it is.

That is what Azure's worker finds: the functions, what they share, the model, and under .python_packages the locked
packages for its platform, without their tests and with their byte code. Nothing is built in Azure (`func azure
functionapp publish --no-build`), so what was tested is what runs. The same project makes the same bytes, with the same
Python (byte code) and zlib (compression).
"""

import argparse
import hashlib
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.package import app, archive, bytecode, dependencies
from tools.package.errors import PackageError

ROOT = Path(__file__).parent.parent.parent
DIST = Path("dist")
FOLDER = DIST / "egl-ml"
ARCHIVE = DIST / "egl-ml.zip"
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Package:
    """What was made of a project."""

    folder: Path
    archive: Path
    dependencies: dependencies.Dependencies
    left_out: Sequence[Path]
    """Files in model/ that are not deployed."""


def main(argv: Sequence[str]) -> int:
    """Make the package, or say what stands in the way. Returns 0, or 1 when it cannot be made or fails its check."""
    parser = argparse.ArgumentParser(prog="python -m tools package", description=(__doc__ or "").partition("\n")[0])
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--check", action="store_true", help="start it, read-only and alone, and ask for predictions")
    only.add_argument("--dependencies", action="store_true", help="only make its packages, in .cache (for containers)")
    given = parser.parse_args(argv)
    try:
        if given.dependencies:
            dependencies.installed(ROOT)
            return 0
        package = make(ROOT)
        print("\n".join(report(package)), flush=True)
        if given.check:
            from tools.package import check

            print(f"It starts: the first prediction came after {check.checked(package.archive):.2f} s.")
    except PackageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def make(root: Path) -> Package:
    """Make folder and zip of the project in `root`. Raises PackageError; what was made before stays as it is then."""
    packages = dependencies.installed(root)
    (root / DIST).mkdir(exist_ok=True)
    with TemporaryDirectory(dir=root / DIST) as name:
        folder, zipped = Path(name) / "folder", Path(name) / "zip"
        left_out = app.copy(root, folder)
        bytecode.compiled(folder)
        shutil.copyfile(packages.archive, zipped)
        archive.append(zipped, folder)
        shutil.copytree(packages.folder, folder / dependencies.SITE_PACKAGES, copy_function=shutil.copyfile)
        if faults := list(bytecode.faults(folder)):
            raise PackageError("\n".join(faults))
        shutil.rmtree(root / FOLDER, ignore_errors=True)
        return Package(folder.rename(root / FOLDER), zipped.rename(root / ARCHIVE), packages, left_out)


def report(package: Package) -> Iterator[str]:
    """What was made, how large it is, and what was left out, line by line."""
    content = package.archive.read_bytes()
    parts = sizes(package.folder)
    listed = ", ".join(f"{name} {megabytes(size)}" for name, size in parts.items())
    yield f"{ARCHIVE}: {megabytes(len(content))}, unpacked {megabytes(sum(parts.values()))} ({listed})"
    yield f"sha256 {hashlib.sha256(content).hexdigest()}"
    pruned = package.dependencies.pruned
    dead = ", ".join(f"{kind} {megabytes(size)}" for kind, size in sorted(pruned.items(), key=lambda each: -each[1]))
    yield f"Pruned from the packages: {megabytes(sum(pruned.values()))} ({dead})"
    if package.left_out:
        yield f"Not deployed from model/: {', '.join(each.name for each in package.left_out)}"


def sizes(folder: Path) -> dict[str, int]:
    """Bytes in the package's folder by what they are."""
    found = {"app and model": 0, "packages": 0, "byte code": 0}
    for path in folder.rglob("*"):
        if path.is_file():
            deployed = ".python_packages" in path.relative_to(folder).parts
            part = "byte code" if path.suffix == ".pyc" else "packages" if deployed else "app and model"
            found[part] += path.stat().st_size
    return found


def megabytes(size: int) -> str:
    """A number of bytes as people read it."""
    return f"{size / MEGABYTE:.1f} MB"
