"""Make dist/egl-ml.zip, everything that is deployed, and the same as a folder that func tools publish unchanged.

Azure's worker finds in it: the functions, the code they share, the model, and under .python_packages the locked
packages that the model's runtime needs, for Azure's platform, without their tests and with their byte code. Azure
builds nothing (`func azure functionapp publish --no-build`), so it runs what was tested. The same project gives the
same bytes, with the same Python (byte code) and zlib (compression).
"""

import argparse
import hashlib
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.errors import PackageError
from tools.package import app, archive, bytecode, dependencies

ROOT = Path(__file__).parent.parent.parent
DIST = Path("dist")
FOLDER = DIST / "egl-ml"
ARCHIVE = DIST / "egl-ml.zip"
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Package:
    """The package of a project."""

    folder: Path
    archive: Path
    dependencies: dependencies.Dependencies
    left_out: Sequence[Path]
    """Files in model/ that are not deployed."""


def main(argv: Sequence[str], root: Path = ROOT) -> int:
    """Make the package. Returns 0, or 1 when it cannot be made or fails its check, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="./egl package", description=(__doc__ or "").partition("\n")[0])
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--check", action="store_true", help="start it, read-only and isolated, and request predictions")
    modes.add_argument(
        "--dependencies", action="store_true", help="only build its packages, in .cache (for containers)"
    )
    options = parser.parse_args(argv)
    try:
        if options.dependencies:
            dependencies.prepare(root)
            return 0
        package = make(root)
        print("\n".join(report(package)), flush=True)
        if options.check:
            from tools.package import check

            print(f"The package starts: the first prediction took {check.check(package.archive):.2f} s.")
    except PackageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def make(root: Path) -> Package:
    """Make folder and zip of the project in `root`. Raises PackageError, and then an earlier package stays."""
    packages = dependencies.prepare(root)
    (root / DIST).mkdir(exist_ok=True)
    with TemporaryDirectory(dir=root / DIST) as name:
        folder, zipped = Path(name) / "folder", Path(name) / "zip"
        left_out = app.copy(root, folder)
        bytecode.compile_folder(folder)
        shutil.copyfile(packages.archive, zipped)
        archive.append(zipped, folder)
        shutil.copytree(packages.folder, folder / dependencies.SITE_PACKAGES, copy_function=shutil.copyfile)
        if errors := list(bytecode.errors(folder)):
            raise PackageError("\n".join(errors))
        shutil.rmtree(root / FOLDER, ignore_errors=True)
        return Package(folder.rename(root / FOLDER), zipped.rename(root / ARCHIVE), packages, left_out)


def report(package: Package) -> Iterator[str]:
    """Yield lines with the package's size, its hash, and what was left out."""
    content = package.archive.read_bytes()
    parts = sizes(package.folder)
    details = ", ".join(f"{name} {megabytes(size)}" for name, size in parts.items())
    yield f"{ARCHIVE}: {megabytes(len(content))}, unpacked {megabytes(sum(parts.values()))} ({details})"
    yield f"sha256 {hashlib.sha256(content).hexdigest()}"
    yield from package.dependencies.selection.lines()
    pruned = sorted(package.dependencies.pruned.items(), key=lambda item: -item[1])
    details = ", ".join(f"{kind} {megabytes(size)}" for kind, size in pruned)
    yield f"Pruned from the packages: {megabytes(sum(size for _, size in pruned))} ({details})"
    if package.left_out:
        yield f"Not deployed from model/: {', '.join(path.name for path in package.left_out)}"


def sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of each part of the package's folder."""
    sizes = {"app and model": 0, "packages": 0, "byte code": 0}
    for path in folder.rglob("*"):
        if path.is_file():
            is_package = ".python_packages" in path.relative_to(folder).parts
            part = "byte code" if path.suffix == ".pyc" else "packages" if is_package else "app and model"
            sizes[part] += path.stat().st_size
    return sizes


def megabytes(size: int) -> str:
    """Return a number of bytes in megabytes, for people."""
    return f"{size / MEGABYTE:.1f} MB"
