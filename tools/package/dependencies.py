"""The packages of requirements.txt as Azure needs them: for its platform, pruned, compiled; cached in .cache.

uv installs them, on any machine. Pip cannot: for one set of wheels, some lack the newer platform tag that numpy
requires, and pip uses one tag for all.
"""

import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tools import bootstrap
from tools.errors import PackageError
from tools.package import archive, bytecode, pruning, runtimes
from tools.package.runtimes import Selection

PLATFORM = "x86_64-manylinux_2_28"
LOCK = "requirements.txt"
CACHE = Path(".cache/package")
UNFINISHED = "unfinished-"
SITE_PACKAGES = ".python_packages/lib/site-packages/"
"""The folder in which Azure's worker looks for packages, in the published folder."""


@dataclass(frozen=True)
class Dependencies:
    """The packages of one lock."""

    folder: Path
    """The packages, as in SITE_PACKAGES."""
    archive: Path
    """The same as a zip, under SITE_PACKAGES. It is cached because compression is the slowest step."""
    pruned: Mapping[str, int]
    """Bytes removed of each kind of unused file."""
    selection: Selection
    """The runtimes that they are for, and what was left out."""


def prepare(root: Path) -> Dependencies:
    """Return the packages that the project in `root` needs, from the cache or newly built. Raises PackageError."""
    selection = runtimes.select(root, (root / LOCK).read_text(encoding="utf-8"))
    cached = root / CACHE / key(selection)
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=UNFINISHED, dir=cached.parent) as name:
            built = Path(name) / "built"
            build(built, root, selection)
            move_to_cache(built, cached)
    pruned = json.loads((cached / "pruned.json").read_text(encoding="utf-8"))
    return Dependencies(cached / "site-packages", cached / "packages.zip", pruned, selection)


def key(selection: Selection) -> str:
    """Return the runtimes, and a hash of everything that determines the packages: lock, platform, Python, this code."""
    modules = [Path(__file__).with_name(f"{name}.py") for name in ("archive", "bytecode", "dependencies", "pruning")]
    parts = [sys.version.encode(), selection.requirements.encode(), *(path.read_bytes() for path in modules)]
    return "-".join([*sorted(selection.runtimes), hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]])


def build(folder: Path, root: Path, selection: Selection) -> None:
    """Build the cache's content. Raises PackageError."""
    site_packages, requirements = folder / "site-packages", folder / LOCK
    folder.mkdir()
    requirements.write_text(selection.requirements, encoding="utf-8")
    install(site_packages, root, requirements)
    (folder / "pruned.json").write_text(json.dumps(pruning.prune(site_packages)), encoding="utf-8")
    bytecode.compile_folder(site_packages)
    archive.append(folder / "packages.zip", site_packages, SITE_PACKAGES)


def install(folder: Path, root: Path, requirements: Path) -> None:
    """Install exactly the locked wheels for Azure's platform. Raises PackageError."""
    version = (root / ".python-version").read_text(encoding="utf-8").strip()
    command = [uv(), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder)]
    command += ["--python-platform", PLATFORM, "--python-version", version, "--only-binary", ":all:"]
    command += ["--require-hashes", "--no-deps", "--requirement", str(requirements.absolute())]
    result = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)
    if bootstrap.OFFLINE.search(result.stderr):
        raise PackageError("The packages cannot be downloaded: the package index cannot be reached (no network?).")
    if result.returncode:
        raise PackageError(f"The packages cannot be installed: {result.stderr.strip()}")


def uv() -> str:
    """Return the path of uv; download it if necessary. Raises PackageError."""
    try:
        return bootstrap.find_uv() or bootstrap.fetch_uv()
    except bootstrap.BootstrapError as error:
        raise PackageError(str(error)) from None


def move_to_cache(built: Path, cached: Path) -> None:
    """Move the built packages to the cache, and remove those of earlier locks for the same runtimes."""
    for path in cached.parent.iterdir():
        if path != cached and path.name.rpartition("-")[0] == cached.name.rpartition("-")[0]:
            shutil.rmtree(path)
    with contextlib.suppress(OSError):  # another process was faster, and built the same
        built.rename(cached)
