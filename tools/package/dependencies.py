"""The packages of requirements.txt as Azure needs them: its platform, pruned, compiled; kept in .cache.

uv collects them, whatever machine it runs on. Pip cannot: of one set of wheels, some have no tag that is as new as
numpy asks for, and pip takes one tag for all.
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
from tools.package import archive, bytecode, pruning
from tools.package.errors import PackageError

PLATFORM = "x86_64-manylinux_2_28"
LOCK = "requirements.txt"
CACHE = Path(".cache/package")
UNFINISHED = "unfinished-"
SITE_PACKAGES = ".python_packages/lib/site-packages/"
"""Where Azure's worker looks for packages, in the folder that is published."""


@dataclass(frozen=True)
class Dependencies:
    """What was made of the lock."""

    folder: Path
    """The packages, as SITE_PACKAGES holds them."""
    archive: Path
    """The same as a zip, under SITE_PACKAGES: compressing takes longer than all the rest."""
    pruned: Mapping[str, int]
    """Bytes of each kind of dead weight that was removed."""


def installed(root: Path) -> Dependencies:
    """The packages that the lock in `root` names, from the cache or made anew. Raises PackageError."""
    kept = root / CACHE / key(root)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=UNFINISHED, dir=kept.parent) as name:
            made = Path(name) / "made"
            fill(made, root)
            keep(made, kept)
    pruned = json.loads((kept / "pruned.json").read_text(encoding="utf-8"))
    return Dependencies(kept / "site-packages", kept / "packages.zip", pruned)


def key(root: Path) -> str:
    """A name for everything that decides what the packages look like: lock, platform, Python, and how they are made."""
    made_by = [Path(__file__).with_name(f"{name}.py") for name in ("archive", "bytecode", "dependencies", "pruning")]
    parts = [sys.version.encode(), *(path.read_bytes() for path in (root / LOCK, *made_by))]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def fill(folder: Path, root: Path) -> None:
    """Make all that the cache holds of one lock."""
    site_packages = folder / "site-packages"
    install(site_packages, root)
    (folder / "pruned.json").write_text(json.dumps(pruning.prune(site_packages)), encoding="utf-8")
    bytecode.compiled(site_packages)
    archive.append(folder / "packages.zip", site_packages, SITE_PACKAGES)


def install(folder: Path, root: Path, *options: str) -> None:
    """Install exactly the locked wheels for Azure's platform. Raises PackageError."""
    version = (root / ".python-version").read_text(encoding="utf-8").strip()
    command = [uv(), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(folder)]
    command += ["--python-platform", PLATFORM, "--python-version", version, "--only-binary", ":all:"]
    command += ["--require-hashes", "--no-deps", "--requirement", LOCK, *options]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)
    if bootstrap.OFFLINE.search(done.stderr):
        raise PackageError("The packages cannot be fetched: the package index cannot be reached (no network?).")
    if done.returncode:
        raise PackageError(f"The packages cannot be installed: {done.stderr.strip()}")


def uv() -> str:
    """The uv that made this environment, or the one to be had. Raises PackageError."""
    try:
        return bootstrap.find_uv() or bootstrap.fetch_uv()
    except bootstrap.BootstrapError as error:
        raise PackageError(str(error)) from None


def keep(made: Path, kept: Path) -> None:
    """Move what was made to its place in the cache, and remove what was made of earlier locks: some 400 MB each."""
    for each in kept.parent.iterdir():
        if each != kept and not each.name.startswith(UNFINISHED):
            shutil.rmtree(each)
    with contextlib.suppress(OSError):  # another process was faster, and made the same
        made.rename(kept)
