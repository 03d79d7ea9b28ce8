"""Makes .venv with the project's Python and its locked packages, on a machine that has nothing but a Python.

uv does the work: the one that UV names, the one on PATH, or one fetched into .tools as tools/uv.txt pins it. What goes
wrong is told in one line; all that the programs said is in .tools/install.log.

Run as a file (`python3 tools/bootstrap.py [FOLDER]`) by any Python from 3.8 on, before a package can be imported.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
LOG = TOOLS / "install.log"
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
OFFLINE = re.compile(r"error sending request|connection broken by|timed out|Max retries exceeded", re.IGNORECASE)


class BootstrapError(Exception):
    """What stands in the way, in one line, with what to do about it."""


def main(argv: list[str]) -> int:
    """Make the environment in the folder that `argv` names, or in .venv."""
    environment = ROOT / (argv[0] if argv else ".venv")
    LOG.unlink(missing_ok=True)
    os.environ.setdefault("UV_SYSTEM_CERTS", "true")  # behind a company's proxy only the system knows its certificate
    try:
        uv = find_uv() or fetch_uv()
        make_environment(uv, environment)
        install(uv, environment)
    except BootstrapError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; the next run starts over.", file=sys.stderr)
        return 130
    return 0


def find_uv() -> str | None:
    """The uv to use, if there is one that runs: a pyenv shim may stand on PATH and lead nowhere."""
    places = (os.environ.get("UV"), shutil.which("uv"), shutil.which("uv", path=str(TOOLS / "bin")))
    return next((place for place in places if place and logged(place, "--version")), None)


def fetch_uv() -> str:
    """Install the pinned uv into .tools and return its path. Raises BootstrapError."""
    say("Fetching uv into .tools, a few seconds…")
    os.environ.update(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0")  # what people set for themselves would stop --target
    options = ("--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1")
    pinned = ("--target", str(TOOLS), "--upgrade", "--require-hashes", "--requirement", "tools/uv.txt")
    if not logged(*find_pip(), "install", *options, *pinned):
        raise BootstrapError(explained("uv could not be fetched"))
    if uv := find_uv():
        return uv
    raise BootstrapError(explained("The fetched uv does not run here"))


def find_pip() -> list[str]:
    """The command of this Python's pip, or of one in an environment made for it. Raises BootstrapError."""
    own = [sys.executable, "-m", "pip"]
    if logged(*own, "--version"):
        return own
    if logged(sys.executable, "-m", "venv", str(TOOLS / "pip")):
        return [str(TOOLS / "pip" / SCRIPTS / "python"), "-m", "pip"]
    raise BootstrapError("uv is missing, and this Python has no pip or venv to fetch it: install uv or python3-venv.")


def make_environment(uv: str, environment: Path) -> None:
    """Make the environment, unless it is there with the right Python. Raises BootstrapError."""
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    running = f"import sys; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')"
    if logged(str(environment / SCRIPTS / "python"), "-c", running):
        return
    if (environment / "pyvenv.cfg").exists():
        shutil.rmtree(environment)
    elif environment.exists() and any(environment.iterdir()):
        raise BootstrapError(f"{environment.name} is there and is no Python environment: move it away.")
    say(f"Making {environment.name} with Python {version}, some seconds (a minute where that must be fetched)…")
    if not logged(uv, "venv", "--python", version, str(environment)):
        raise BootstrapError(
            f"Python {version} is missing: install it (from python.org, with pyenv or your system's packages) "
            f"or allow uv to download it, then run this again. Details: {LOG.relative_to(ROOT)}"
        )


def install(uv: str, environment: Path) -> None:
    """Bring the environment to exactly the locked packages. Raises BootstrapError."""
    say("Installing the locked packages, about a minute…")
    target = ("--python", str(environment))
    if not logged(uv, "pip", "sync", *target, "--require-hashes", "--compile-bytecode", "requirements-dev.txt"):
        raise BootstrapError(explained("The locked packages could not be installed"))


def logged(*command: str) -> bool:
    """Whether the command succeeded; what it said goes to the log."""
    TOOLS.mkdir(exist_ok=True)
    with LOG.open("ab") as log:
        log.write(("$ " + " ".join(command) + "\n").encode())
        log.flush()
        try:
            return subprocess.call(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log) == 0
        except OSError as error:
            log.write(f"{error}\n".encode())
            return False


def explained(failure: str) -> str:
    """One line for `failure`, with the reason that the last command gave."""
    said = LOG.read_text(encoding="utf-8", errors="replace").rpartition("\n$ ")[2]
    told = [line.strip().partition(": ") for line in said.splitlines()]
    errors = [text for kind, _, text in told if kind.lower() in ("error", "cause")]
    reason = "the package index cannot be reached (no network?)" if OFFLINE.search(said) else ": ".join(errors[:2])
    return f"{failure}: {reason or 'see the log'}. Details: {LOG.relative_to(ROOT)}"


def say(line: str) -> None:
    """Tell what takes its time now."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
