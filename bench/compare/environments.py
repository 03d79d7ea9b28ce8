"""An environment for each peer, made by uv under .cache/compare and kept until its requirements change."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shared.manifest import APP

from bench.compare.failure import Failed
from bench.package import size
from tools.bootstrap import BootstrapError, fetch_uv, find_uv

PEERS = Path(__file__).parent / "peers"
CACHE = APP / ".cache/compare"
KEY = ".requirements"
SECONDS = 900
"""The time limit of one installation."""
INCLUDED = re.compile(r"^-[rc] +(\S+)", re.MULTILINE)
RAISED = re.compile(r"[\w.]*(Error|Exception): .")
NAMED = re.compile(r"^([A-Za-z0-9][\w.-]*)", re.MULTILINE)
TELLING = ("scikit-learn", "numpy", "onnxruntime", "msgspec", "pydantic")
"""Packages whose versions are told beside those that a peer asks for itself."""


@dataclass(frozen=True)
class Environment:
    """A peer's installed packages, and the sources that run with them."""

    name: str

    @property
    def folder(self) -> Path:
        """Where the packages are."""
        return CACHE / self.name

    @property
    def sources(self) -> Path:
        """The peer's own files."""
        return PEERS / self.name

    @property
    def requirements(self) -> Path:
        """What the peer asks for."""
        return self.sources / "requirements.txt"

    @property
    def programs(self) -> Path:
        """Python and what the packages brought."""
        return self.folder / "bin"

    @property
    def megabytes(self) -> float:
        """What is installed, byte code included; the Python itself lies elsewhere and is the same for all."""
        return size(self.folder / "lib")


def install(name: str) -> Environment:
    """The environment of a peer, with exactly what it asks for now. Raises Failed."""
    environment = Environment(name)
    wanted, kept = key(environment.requirements), environment.folder / KEY
    if not kept.exists() or kept.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(environment.folder, ignore_errors=True)
        make(environment)
        kept.write_text(wanted, encoding="utf-8")
    return environment


def key(requirements: Path) -> str:
    """What changes with the requirements."""
    return hashlib.sha256("".join(texts(requirements)).encode()).hexdigest()


def make(environment: Environment) -> None:
    """Install what is asked for. Copies, not links: files that are shared with others would count as shared memory."""
    print(f"Installing {environment.name}…", file=sys.stderr, flush=True)
    version = (APP / ".python-version").read_text(encoding="utf-8").strip()
    uv("venv", "--python", version, str(environment.folder))
    options = ("--compile-bytecode", "--link-mode", "copy", "--python", str(environment.folder))
    uv("pip", "install", *options, "--requirement", str(environment.requirements))


def texts(requirements: Path) -> Iterator[str]:
    """The text of a file of requirements, and of those that it includes."""
    text = requirements.read_text(encoding="utf-8")
    yield text
    for name in INCLUDED.findall(text):
        yield from texts(requirements.parent / name)


def versions(environment: Environment) -> dict[str, str]:
    """Package → version: what the peer asks for itself, and what matters in all of them."""
    listed = json.loads(uv("pip", "list", "--format", "json", "--python", str(environment.folder)))
    wanted = {*TELLING, *NAMED.findall(environment.requirements.read_text(encoding="utf-8").lower())}
    return {each["name"]: each["version"] for each in listed if each["name"].lower() in wanted}


def uv(*arguments: str) -> str:
    """What uv printed. Raises Failed with the reason that it gave."""
    command = [program(), "--quiet", *arguments]
    try:
        done = subprocess.run(command, cwd=APP, capture_output=True, encoding="utf-8", timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"uv {arguments[0]}: {error}") from None
    if done.returncode:
        raise Failed(f"cannot be installed: {reason(done.stderr.splitlines())}")
    return done.stdout


@cache
def program() -> str:
    """The uv that the project uses. Raises Failed."""
    try:
        return find_uv() or fetch_uv()
    except BootstrapError as error:
        raise Failed(str(error)) from None


def reason(said: Sequence[str]) -> str:
    """One line of what a program said: Python's last exception, uv's first error with its cause, or the last line."""
    lines = [line.strip() for line in said if line.strip()]
    raised = [line for line in lines if RAISED.match(line)]
    errors = [line for line in lines if line.startswith(("error: ", "cause: "))]
    told = (raised[-1:], errors[:2], lines[-1:], ["no reason was given"])
    return " ".join(next(filter(None, told)))
