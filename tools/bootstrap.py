"""Create .venv with the project's Python and its locked packages, on a machine that has only a Python.

uv does the work: the one in the variable UV, the one on PATH, or one downloaded into .tools as pinned in tools/uv.txt.
An error is one line; the output of all programs is in .tools/install.log.

Run it as a file (`python3 tools/bootstrap.py [FOLDER]`), with any Python from 3.8 on: no package can be imported yet.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
LOG = TOOLS / "install.log"
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
OFFLINE = re.compile(r"error sending request|connection broken by|timed out|Max retries exceeded", re.IGNORECASE)


class BootstrapError(Exception):
    """The environment cannot be created. The text is one line, with what to do about it."""


def main(argv: list[str]) -> int:
    """Create the environment in the folder that `argv` names, or in .venv. Returns 1 when that fails."""
    environment = ROOT / (argv[0] if argv else ".venv")
    LOG.unlink(missing_ok=True)
    os.environ.setdefault(
        "UV_SYSTEM_CERTS", "true"
    )  # the certificate of a company's proxy is only in the system's store
    try:
        uv = find_uv() or fetch_uv()
        create_environment(uv, environment)
        install(uv, environment)
    except BootstrapError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The next run starts again.", file=sys.stderr)
        return 130
    return 0


def run(*command: str) -> bool:
    """Run a command with its output in the log. Returns whether it succeeded."""
    TOOLS.mkdir(exist_ok=True)
    with LOG.open("ab") as log:
        log.write(("$ " + " ".join(command) + "\n").encode())
        log.flush()
        try:
            return subprocess.call(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log) == 0
        except OSError as error:
            log.write(f"{error}\n".encode())
            return False


def find_uv() -> str | None:
    """Return the path of a uv that runs, or None: a pyenv shim on PATH may not run."""
    candidates = (os.environ.get("UV"), shutil.which("uv"), shutil.which("uv", path=str(TOOLS / "bin")))
    return next((path for path in candidates if path and run(path, "--version")), None)


def fetch_uv() -> str:
    """Install the pinned uv into .tools and return its path. Raises BootstrapError."""
    show("Downloading uv into .tools, a few seconds…")
    os.environ.update(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0")  # a user's own settings would disable --target
    options = ("--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1")
    pinned = ("--target", str(TOOLS), "--upgrade", "--require-hashes", "--requirement", "tools/uv.txt")
    if not run(*find_pip(), "install", *options, *pinned):
        raise BootstrapError(with_reason("uv could not be downloaded"))
    if uv := find_uv():
        return uv
    raise BootstrapError(with_reason("The downloaded uv does not run here"))


def find_pip(tools: Path = TOOLS, run: Callable[..., bool] = run) -> list[str]:
    """Return the command of this Python's pip, or of one in a new environment. Raises BootstrapError."""
    own = [sys.executable, "-m", "pip"]
    if run(*own, "--version"):
        return own
    if run(sys.executable, "-m", "venv", str(tools / "pip")):
        return [str(tools / "pip" / SCRIPTS / "python"), "-m", "pip"]
    raise BootstrapError(
        "uv is missing, and this Python has no pip or venv to download it: install uv or python3-venv."
    )


def create_environment(uv: str, environment: Path) -> None:
    """Create the environment, unless it exists with the right Python. Raises BootstrapError."""
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    check = f"import sys; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')"
    if run(str(environment / SCRIPTS / "python"), "-c", check):
        return
    if (environment / "pyvenv.cfg").exists():
        shutil.rmtree(environment)
    elif environment.exists() and any(environment.iterdir()):
        raise BootstrapError(f"{environment.name} exists and is not a Python environment: move it away.")
    show(f"Creating {environment.name} with Python {version}, some seconds (a minute if Python must be downloaded)…")
    if not run(uv, "venv", "--python", version, str(environment)):
        raise BootstrapError(
            f"Python {version} is missing: install it (from python.org, with pyenv or your system's packages) "
            f"or allow uv to download it, then run this again. Details: {LOG.relative_to(ROOT)}"
        )


def install(uv: str, environment: Path) -> None:
    """Install exactly the locked packages. Raises BootstrapError."""
    show("Installing the locked packages, about a minute…")
    target = ("--python", str(environment))
    if not run(uv, "pip", "sync", *target, "--require-hashes", "--compile-bytecode", "requirements-dev.txt"):
        raise BootstrapError(with_reason("The locked packages could not be installed"))


def with_reason(failure: str) -> str:
    """Return `failure` with the reason from the last command's output, in one line."""
    output = LOG.read_text(encoding="utf-8", errors="replace").rpartition("\n$ ")[2]
    lines = [line.strip().partition(": ") for line in output.splitlines()]
    errors = [text for kind, _, text in lines if kind.lower() in ("error", "cause")]
    reason = "the package index cannot be reached (no network?)" if OFFLINE.search(output) else ": ".join(errors[:2])
    return f"{failure}: {reason or 'see the log'}. Details: {LOG.relative_to(ROOT)}"


def show(line: str) -> None:
    """Print a line about a step that takes a while."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
