"""The locks: every package that is deployed, or used to develop, with its version and hashes.

`uv pip compile` keeps the pins that still fit pyproject.toml, so a lock changes only with it. To take newer versions,
delete the pin, or the lock, and generate.
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
from tools.generate.errors import GenerateError, IndexUnreachable

DEPLOYED = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"
HEADERS = {
    DEPLOYED: "# What is deployed, locked. From pyproject.toml by `make generate`.\n",
    DEVELOPMENT: "# What is deployed and what developers need, locked. From pyproject.toml by `make generate`.\n",
}
OPTIONS = {DEPLOYED: (), DEVELOPMENT: ("--group", "dev", "--constraint", DEPLOYED)}


def compiled(root: Path) -> Mapping[str, str]:
    """Both locks as they should be. Raises GenerateError; IndexUnreachable without a network."""
    version = (root / ".python-version").read_text(encoding="utf-8").strip()
    with TemporaryDirectory() as name:
        folder = Path(name)  # uv writes the paths it was given into the locks: relative ones, whoever runs it
        for each in ("pyproject.toml", DEPLOYED, DEVELOPMENT):
            if (root / each).exists():
                shutil.copy(root / each, folder)
        for lock, options in OPTIONS.items():
            compile_in(folder, "--python-version", version, "--output-file", lock, *options)
        return {lock: header + (folder / lock).read_text(encoding="utf-8") for lock, header in HEADERS.items()}


def compile_in(folder: Path, *options: str) -> None:
    """Compile one lock from the pyproject.toml in `folder`. Raises GenerateError, IndexUnreachable."""
    command = [uv(), "pip", "compile", "pyproject.toml", "--python", sys.executable, *options]
    command += ["--universal", "--generate-hashes", "--no-header", "--quiet"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    if bootstrap.OFFLINE.search(done.stderr):
        raise IndexUnreachable("The package index cannot be reached.")
    if done.returncode:
        raise GenerateError(f"The locks cannot be made: {done.stderr.strip()}")


def uv() -> str:
    """The uv that made this environment, or the one to be had. Raises GenerateError."""
    try:
        return bootstrap.find_uv() or bootstrap.fetch_uv()
    except bootstrap.BootstrapError as error:
        raise GenerateError(str(error)) from None


def misfits(root: Path) -> Sequence[str]:
    """Where the locks do not fit pyproject.toml or each other, one sentence each; needs no network."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    direct = {DEPLOYED: project["project"]["dependencies"], DEVELOPMENT: project["dependency-groups"]["dev"]}
    locked = {lock: set(pins((root / lock).read_text(encoding="utf-8"))) for lock in direct}
    return [
        *(
            f"{lock} does not hold {given}: run `make generate`."
            for lock, requirements in direct.items()
            for given in requirements
            if not fits(Requirement(given), locked[lock])
        ),
        *(
            f"{DEVELOPMENT} does not hold {name}=={version} of {DEPLOYED}: run `make generate`."
            for name, version in sorted(locked[DEPLOYED] - locked[DEVELOPMENT])
        ),
    ]


def pins(lock: str) -> Iterable[tuple[str, str]]:
    """Name and version of every package in a lock's text."""
    for line in lock.splitlines():
        if line and line[0].isalnum():
            pin = Requirement(line.removesuffix("\\"))
            yield canonicalize_name(pin.name), str(pin.specifier).removeprefix("==")


def fits(requirement: Requirement, locked: set[tuple[str, str]]) -> bool:
    """Whether every version that is locked of a package satisfies the requirement, and there is one."""
    versions = [version for name, version in locked if name == canonicalize_name(requirement.name)]
    return bool(versions) and all(requirement.specifier.contains(version, prereleases=True) for version in versions)
