"""The locks: every package for deployment and for development, with its version and hashes.

`uv pip compile` keeps the pins that still fit pyproject.toml, so a lock changes only with it. To get newer versions,
delete the pin, or the lock, and run `make generate`.
"""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools import bootstrap
from tools.errors import GenerateError, IndexUnreachable

DEPLOYED = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"
HEADERS = {
    DEPLOYED: "# What is deployed, locked. From pyproject.toml by `make generate`.\n",
    DEVELOPMENT: "# What is deployed and what developers need, locked. From pyproject.toml by `make generate`.\n",
}
OPTIONS = {DEPLOYED: (), DEVELOPMENT: ("--group", "dev", "--constraint", DEPLOYED)}


def compile_locks(root: Path) -> Mapping[str, str]:
    """Return the content of both locks. Raises GenerateError; IndexUnreachable without a network."""
    version = (root / ".python-version").read_text(encoding="utf-8").strip()
    with TemporaryDirectory() as name:
        folder = Path(name)  # uv writes its path arguments into the locks, so they must be relative
        for file in ("pyproject.toml", DEPLOYED, DEVELOPMENT):
            if (root / file).exists():
                shutil.copy(root / file, folder)
        for lock, options in OPTIONS.items():
            compile_lock(folder, "--python-version", version, "--output-file", lock, *options)
        return {lock: header + (folder / lock).read_text(encoding="utf-8") for lock, header in HEADERS.items()}


def compile_lock(folder: Path, *options: str) -> None:
    """Compile one lock from the pyproject.toml in `folder`. Raises GenerateError, IndexUnreachable."""
    command = [uv(), "pip", "compile", "pyproject.toml", "--python", sys.executable, *options]
    command += ["--universal", "--generate-hashes", "--no-header", "--quiet"]
    result = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    if bootstrap.OFFLINE.search(result.stderr):
        raise IndexUnreachable("The package index cannot be reached.")
    if result.returncode:
        raise GenerateError(f"The locks cannot be compiled: {result.stderr.strip()}")


def uv() -> str:
    """Return the path of uv; download it if necessary. Raises GenerateError."""
    try:
        return bootstrap.find_uv() or bootstrap.fetch_uv()
    except bootstrap.BootstrapError as error:
        raise GenerateError(str(error)) from None


def errors(root: Path) -> Sequence[str]:
    """Return where the locks do not fit pyproject.toml or each other, one sentence each. Needs no network."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    required = {DEPLOYED: project["project"]["dependencies"], DEVELOPMENT: project["dependency-groups"]["dev"]}
    locked = {lock: set(pins((root / lock).read_text(encoding="utf-8"))) for lock in required}
    return [
        *(
            f"{lock} does not contain {requirement}: run `make generate`."
            for lock, requirements in required.items()
            for requirement in requirements
            if not fits(Requirement(requirement), locked[lock])
        ),
        *(
            f"{DEVELOPMENT} does not contain {name}=={version} of {DEPLOYED}: run `make generate`."
            for name, version in sorted(locked[DEPLOYED] - locked[DEVELOPMENT])
        ),
    ]


def pins(lock: str) -> Iterable[tuple[str, str]]:
    """Yield name and version of every package in a lock's text."""
    for line in lock.splitlines():
        if line and line[0].isalnum():
            pin = Requirement(line.removesuffix("\\"))
            yield canonicalize_name(pin.name), str(pin.specifier).removeprefix("==")


def fits(requirement: Requirement, locked: set[tuple[str, str]]) -> bool:
    """Return whether the package is locked, in versions that all satisfy the requirement."""
    versions = [version for name, version in locked if name == canonicalize_name(requirement.name)]
    return bool(versions) and all(requirement.specifier.contains(version, prereleases=True) for version in versions)
